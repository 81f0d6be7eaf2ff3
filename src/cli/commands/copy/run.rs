//! `kt copy`, from the plan to the last mark.

use super::plan::{Lane, Manner, Route, routes, take_up};
use crate::cli::config::command_config;
use crate::cli::context::Context;
use crate::cli::destinations::{Destinations, renamed};
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use crate::cli::ranges::{self, Reading, Request};
use crate::cli::target::{Connection, Target};
use crate::client::{
    self, Admin, BulkGap, BulkMark, BulkOrder, BulkOrigin, BulkPass, BulkPlace, BulkRange, BulkReader,
    BulkReading, BulkWriter, OffsetSpec,
};
use crate::output::Progress;
use crate::signal;
use crate::types::Offset;
use serde_json::json;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Write;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// How far is kept after so many bytes, or so long.
const MARK_BYTES: u64 = 64 * 1024 * 1024;
const MARK_INTERVAL: Duration = Duration::from_secs(1);
/// How long a follower sleeps at most: it looks for signals then.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(200);

/// One copy.
struct Session<'c> {
    context: &'c mut Context,
    writer: Box<dyn BulkWriter>,
    lanes: Vec<Lane>,
    ranges: Vec<BulkRange>,
    repartition: bool,
    /// The ranges end where their logs do.
    is_to_the_end: bool,
    count: u64,
    /// Bytes since the last marks.
    unmarked_bytes: u64,
    marked_at: Instant,
    progress: Progress,
}

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let request = Request::new(parsed)?;
    let prints_json = match parsed.text("output")?.as_deref() {
        None => false,
        Some("json") => true,
        Some(other) => return Err(Failure::misuse(format!("the output format '{other}' is not json"))),
    };
    let manner = Manner {
        repartition: parsed.has("repartition"),
        read_committed: request.read_committed,
        restart: parsed.has("restart"),
    };
    check(parsed)?;
    command_config(parsed)?;
    let (from, other) = connect(context, parsed)?;
    signal::install();
    let to = other.as_ref().unwrap_or(&from);
    let (from_admin, to_admin) = (from.admin()?, to.admin()?);
    let topics = request.topics(from_admin.as_ref())?;
    let only = parsed.text("to")?.map(|to| to.into_owned());
    let partitions = parsed.number::<i32>("to-partitions")?;
    let renamed = renamed(parsed)?;
    let mut destinations = Destinations::new(to.admin()?, only, renamed, manner.repartition, partitions);
    for topic in &topics {
        if other.is_none() && destinations.name(Some(&topic.name))? == topic.name {
            let message = format!("'{}' would be copied into itself", topic.name);
            return Err(Failure::misuse(message).with_hint("give --to TOPIC, --rename or --to-data-dir DIR"));
        }
    }
    let mut ranges = request.ranges(from_admin.as_ref(), &topics)?;
    let name = parsed.text("name")?;
    let routes =
        routes(from_admin.as_ref(), to_admin.as_ref(), &mut destinations, &topics, name.as_deref(), manner)?;
    let mut writer = to.bulk_writer()?;
    let lanes = take_up_all(from_admin.as_ref(), writer.as_mut(), &routes, &mut ranges, manner.restart)?;
    let session = Session {
        context,
        writer,
        lanes,
        ranges,
        repartition: manner.repartition,
        is_to_the_end: !parsed.has("until"),
        count: 0,
        unmarked_bytes: 0,
        marked_at: Instant::now(),
        progress: Progress::none(),
    };
    let follow = parsed.has("follow");
    let order = if follow { BulkOrder::InTurn } else { BulkOrder::OneByOne };
    session.run(&from, request.reading(order), follow, prints_json)
}

/// What contradicts itself.
fn check(parsed: &Parsed) -> Result<(), Failure> {
    for [one, other] in [["to", "rename"], ["resume", "restart"], ["follow", "until"]] {
        if parsed.has(one) && parsed.has(other) {
            return Err(Failure::misuse(format!("--{one} and --{other} don't go together")));
        }
    }
    if parsed.number::<i32>("to-partitions")?.is_some_and(|count| count < 1) {
        return Err(Failure::misuse("--to-partitions is a number from 1 on"));
    }
    if parsed.text("name")?.is_some_and(|name| name.is_empty()) {
        return Err(Failure::misuse("--name is empty"));
    }
    Ok(())
}

/// The cluster to copy from, and the one to copy to if that is another.
fn connect(context: &Context, parsed: &Parsed) -> Result<(Connection, Option<Connection>), Failure> {
    let writable = parsed.has("writable");
    let (from, to) = (parsed.bytes("from-data-dir")?, parsed.bytes("to-data-dir")?);
    let chosen = |dir: Option<&OsStr>| match dir {
        Some(dir) => Ok(Target::directories(dir, writable)),
        None => Target::choose(parsed, &context.environment),
    };
    let (from, to) = (chosen(from)?, chosen(to)?);
    // The same directory must not be opened twice: its locks belong to the process.
    let opened = context.connect_to(from.clone())?;
    if from == to || from.shares_directory(&to) {
        return Ok((opened, None));
    }
    Ok((opened, Some(context.connect_to(to)?)))
}

fn take_up_all(
    admin: &dyn Admin,
    writer: &mut dyn BulkWriter,
    routes: &BTreeMap<String, Route>,
    ranges: &mut [BulkRange],
    restart: bool,
) -> Result<Vec<Lane>, Failure> {
    let mut lanes = Vec::with_capacity(ranges.len());
    let wanted: Vec<_> = ranges.iter().map(|range| (range.partition.clone(), OffsetSpec::Earliest)).collect();
    for (range, start) in ranges.iter_mut().zip(admin.list_offsets(&wanted)) {
        let log_start = start?.offset.unwrap_or(Offset::ZERO);
        let route = routes
            .get(&range.partition.topic)
            .ok_or_else(|| Failure::plain(format!("there is no way for '{}'", range.partition.topic)))?;
        lanes.push(take_up(writer, route, range, log_start, restart)?);
    }
    Ok(lanes)
}

impl Session<'_> {
    fn run(
        mut self,
        from: &Connection,
        reading: BulkReading,
        follow: bool,
        prints_json: bool,
    ) -> Result<Status, Failure> {
        let mut reader =
            if follow { from.bulk_reader(&self.ranges, reading)? } else { self.open(from, reading)? };
        for (index, lane) in self.lanes.iter().enumerate().filter(|(_, lane)| lane.is_continued) {
            let begin = reader.position(index);
            if begin.get() > lane.marked {
                let gap = BulkGap { range: index, from: Offset::new(lane.marked), until: begin };
                tell_gap(self.context, &self.ranges, gap)?;
            }
        }
        let outcome = self.copy(reader.as_mut(), follow);
        self.progress.clear();
        let status = outcome?;
        self.mark_all(reader.as_ref(), status == Status::SUCCESS)?;
        if prints_json {
            let (partitions, records) = (self.lanes.len(), self.count);
            writeln!(self.context.stdout, "{}", json!({ "records": records, "partitions": partitions }))?;
        }
        let count = self.count;
        self.context.say(&format!("Copied a total of {count} records"))?;
        Ok(status)
    }

    /// A reader of what there is now.
    fn open(&mut self, from: &Connection, reading: BulkReading) -> Result<Box<dyn BulkReader>, Failure> {
        let Reading { reader, planned, held } = ranges::read_to_the_end(from, &self.ranges, reading)?;
        for range in held {
            let (partition, offset) = (&range.partition, range.until.unwrap_or(range.from));
            self.context.log(&format!(
                "{partition}: an open transaction begins at offset {offset}; the records behind it are left for later"
            ))?;
        }
        if self.context.terminals.stderr {
            self.progress = Progress::records(ranges::span(&planned));
        }
        Ok(reader)
    }

    fn copy(&mut self, reader: &mut dyn BulkReader, follow: bool) -> Result<Status, Failure> {
        loop {
            if let Some(number) = signal::received() {
                return Ok(Status(u8::try_from(128 + number).unwrap_or(1)));
            }
            let pass = self.copy_piece(reader)?;
            for gap in reader.take_gaps() {
                tell_gap(self.context, &self.ranges, gap)?;
            }
            self.progress.set(self.count);
            let is_due = self.unmarked_bytes >= MARK_BYTES || self.marked_at.elapsed() >= MARK_INTERVAL;
            match pass {
                BulkPass::Nothing if !follow => return Ok(Status::SUCCESS),
                BulkPass::Nothing => {
                    self.mark_all(reader, true)?;
                    reader.wait(FOLLOW_INTERVAL);
                }
                BulkPass::Read if is_due => self.mark_all(reader, false)?,
                BulkPass::Read => {}
            }
        }
    }

    fn copy_piece(&mut self, reader: &mut dyn BulkReader) -> Result<BulkPass, Failure> {
        let (writer, lanes, ranges) = (&mut self.writer, &self.lanes, &self.ranges);
        let (count, bytes, repartition) = (&mut self.count, &mut self.unmarked_bytes, self.repartition);
        let mut failed: Option<client::Error> = None;
        let pass = reader.read_batches(&mut |index, batch| {
            let (Some(lane), Some(range)) = (lanes.get(index), ranges.get(index)) else {
                return ControlFlow::Break(());
            };
            let partition = range.partition.partition;
            let place = match repartition {
                false => BulkPlace::Partition(partition),
                true => BulkPlace::Spread(u64::from(partition.0.unsigned_abs())),
            };
            match writer.write_batch(lane.source, &lane.to, place, batch.bytes, BulkOrigin::Log) {
                Ok(written) => {
                    *count += written;
                    *bytes += batch.bytes.len() as u64;
                    ControlFlow::Continue(())
                }
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        });
        match (failed, pass) {
            (Some(error), _) => Err(error.into()),
            (None, Ok(pass)) => Ok(pass),
            (None, Err(unread)) => {
                // What is sound before damage is kept.
                self.mark_all(reader, false)?;
                Err(unread.into())
            }
        }
    }

    /// Keeps how far each partition is copied. Called between two pieces: what was read is written. `is_all` says that
    /// nothing is left to be read.
    fn mark_all(&mut self, reader: &dyn BulkReader, is_all: bool) -> Result<(), Failure> {
        let is_sure = is_all && self.is_to_the_end;
        self.marked_at = Instant::now();
        self.unmarked_bytes = 0;
        let mut marks = Vec::new();
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            let position = reader.position(index);
            if position.get() > lane.marked && (is_sure || !lane.is_unsure) {
                lane.is_unsure = false;
                marks.push((lane.source, BulkMark { position, note: lane.note.clone() }));
                lane.marked = position.get();
            }
        }
        if !marks.is_empty() {
            return Ok(self.writer.mark(&marks)?);
        }
        self.writer.flush()?;
        Ok(())
    }
}

/// Tells of records that are gone.
fn tell_gap(context: &mut Context, ranges: &[BulkRange], gap: BulkGap) -> Result<(), Failure> {
    let Some(range) = ranges.get(gap.range) else { return Ok(()) };
    let (partition, from, last) = (&range.partition, gap.from, gap.until.plus(-1));
    context.log(&format!("{partition}: offsets {from} to {last} were deleted before they were copied"))
}
