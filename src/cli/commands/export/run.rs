//! `kt export`, from the plan to the last byte.

use super::sink::Sink;
use super::{frames, lines};
use crate::cli::archive::{ArchivedRange, ArchivedTopic, FrameWriter, write_record, write_topic};
use crate::cli::config::command_config;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use crate::cli::ranges::{self, ChosenTopic, Reading, Request};
use crate::cli::target::Connection;
use crate::client::{Admin, BulkOrder, BulkPass, BulkRange, BulkReader, BulkReading};
use crate::output::{Progress, has_content};
use crate::signal;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Lines,
    Binary,
}

/// What is written, how and where to.
struct Options {
    form: Form,
    /// `None` is standard output.
    path: Option<PathBuf>,
    resume: bool,
    with_configs: bool,
}

/// One export.
struct Session<'c> {
    context: &'c mut Context,
    connection: Connection,
    sink: Sink,
    ranges: Vec<BulkRange>,
    reading: BulkReading,
    count: u64,
    progress: Progress,
}

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let request = Request::new(parsed)?;
    let options = Options::new(context, parsed)?;
    command_config(parsed)?;
    let connection = context.connect(parsed)?;
    signal::install();
    let admin = connection.admin()?;
    let topics = request.topics(admin.as_ref())?;
    let ranges = request.ranges(admin.as_ref(), &topics)?;
    let is_begun = options.resume && options.path.as_deref().is_some_and(has_content);
    let (sink, progress) = (Sink::Stdout, Progress::none());
    let reading = request.reading(BulkOrder::OneByOne);
    let session = Session { context, connection, sink, ranges, reading, count: 0, progress };
    match options.form {
        Form::Lines => session.export_lines(&options, is_begun, admin.as_ref(), &topics),
        Form::Binary => session.export_frames(&options, is_begun, admin.as_ref(), &topics),
    }
}

impl Options {
    fn new(context: &Context, parsed: &Parsed) -> Result<Options, Failure> {
        let form = match parsed.text("format")?.as_deref() {
            None | Some("jsonl" | "json") => Form::Lines,
            Some("binary") => Form::Binary,
            Some(other) => {
                return Err(Failure::misuse(format!("the format '{other}' is neither jsonl nor binary")));
            }
        };
        let path = parsed.bytes("output")?.filter(|path| *path != "-").map(PathBuf::from);
        let resume = parsed.has("resume");
        if resume && path.is_none() {
            return Err(Failure::misuse("--resume goes on with a file: name it with --output"));
        }
        if form == Form::Binary && path.is_none() && context.terminals.stdout {
            return Err(Failure::misuse("the binary form is not for terminals: name a file with --output"));
        }
        Ok(Options { form, path, resume, with_configs: parsed.has("with-configs") })
    }
}

impl Session<'_> {
    fn export_lines(
        mut self,
        options: &Options,
        is_begun: bool,
        admin: &dyn Admin,
        topics: &[ChosenTopic],
    ) -> Result<Status, Failure> {
        let mut length = 0;
        if let (true, Some(path)) = (is_begun, &options.path) {
            let tail = lines::tail(path)?;
            length = tail.length;
            self.ranges = lines::left(std::mem::take(&mut self.ranges), &tail, path)?;
        }
        let mut reader = self.open(options, length)?;
        if options.with_configs && length == 0 {
            for topic in topics {
                let line = archived(admin, topic, &[])?;
                write_topic(self.sink.buffer(self.context), &line)?;
            }
        }
        let status = loop {
            if let Some(number) = signal::received() {
                break Status(u8::try_from(128 + number).unwrap_or(1));
            }
            if self.read_lines(reader.as_mut())? == BulkPass::Nothing {
                break Status::SUCCESS;
            }
        };
        self.end(status)
    }

    /// Writes the next piece as lines.
    fn read_lines(&mut self, reader: &mut dyn BulkReader) -> Result<BulkPass, Failure> {
        let (sink, context, count) = (&mut self.sink, &mut *self.context, &mut self.count);
        let mut failed = None;
        let pass = reader.read_records(&mut |_, record| {
            *count += 1;
            let written = write_record(sink.buffer(context), record).map_err(Failure::from);
            match written.and_then(|()| sink.flush_if_full(context)) {
                Ok(()) => ControlFlow::Continue(()),
                Err(failure) => {
                    failed = Some(failure);
                    ControlFlow::Break(())
                }
            }
        });
        match failed {
            Some(failure) => Err(failure),
            None => self.passed(reader, pass),
        }
    }

    fn export_frames(
        mut self,
        options: &Options,
        is_begun: bool,
        admin: &dyn Admin,
        topics: &[ChosenTopic],
    ) -> Result<Status, Failure> {
        let present = match (is_begun, &options.path) {
            (true, Some(path)) => Some(frames::present(path)?).filter(|present| present.length > 0),
            _ => None,
        };
        if let Some(present) = &present {
            let same =
                present.topics.iter().map(|topic| &topic.topic).eq(topics.iter().map(|topic| &topic.name));
            if !same {
                return Err(Failure::plain("the file holds the export of other topics"));
            }
            if present.is_complete {
                return self.end(Status::SUCCESS);
            }
            self.ranges = present.left();
        }
        let mut reader = self.open(options, present.as_ref().map_or(0, |present| present.length))?;
        let mut writer = match &present {
            Some(present) => FrameWriter::after(present.chain, present.total),
            None => {
                let mut writer = FrameWriter::begin(self.sink.buffer(self.context));
                for topic in topics {
                    let archived = archived(admin, topic, &self.ranges)?;
                    writer.topic(self.sink.buffer(self.context), &archived)?;
                }
                writer
            }
        };
        let numbers: BTreeMap<&str, usize> =
            topics.iter().enumerate().map(|(number, topic)| (topic.name.as_str(), number)).collect();
        let mut last = 0;
        let status = loop {
            if let Some(number) = signal::received() {
                break Status(u8::try_from(128 + number).unwrap_or(1));
            }
            let pass = self.read_frames(reader.as_mut(), &mut writer, &numbers, &mut last)?;
            if pass == BulkPass::Nothing {
                break Status::SUCCESS;
            }
        };
        let out = self.sink.buffer(self.context);
        if status == Status::SUCCESS {
            writer.end(out)?
        } else {
            writer.close(out)?
        }
        self.end(status)
    }

    /// Writes the next piece as frames; `last` is the range that the frame being built is of.
    fn read_frames(
        &mut self,
        reader: &mut dyn BulkReader,
        writer: &mut FrameWriter,
        numbers: &BTreeMap<&str, usize>,
        last: &mut usize,
    ) -> Result<BulkPass, Failure> {
        let (sink, context, count) = (&mut self.sink, &mut *self.context, &mut self.count);
        let ranges = &self.ranges;
        let mut failed = None;
        let pass = reader.read_batches(&mut |index, batch| {
            *count += batch.record_count;
            let Some(range) = ranges.get(index) else { return ControlFlow::Break(()) };
            let topic = numbers.get(range.partition.topic.as_str()).copied().unwrap_or(0);
            let out = sink.buffer(context);
            let closed = if index == *last { Ok(()) } else { writer.close(out) };
            *last = index;
            let written = closed.and_then(|()| writer.batch(out, topic, range.partition.partition.0, batch));
            match written.map_err(Failure::from).and_then(|()| sink.flush_if_full(context)) {
                Ok(()) => ControlFlow::Continue(()),
                Err(failure) => {
                    failed = Some(failure);
                    ControlFlow::Break(())
                }
            }
        });
        match failed {
            Some(failure) => Err(failure),
            None => self.passed(reader, pass),
        }
    }

    /// Opens the reader, tells what it will not read, and then the file: one that can't be filled is not touched.
    fn open(&mut self, options: &Options, length: u64) -> Result<Box<dyn BulkReader>, Failure> {
        let Reading { reader, planned, held } =
            ranges::read_to_the_end(&self.connection, &self.ranges, self.reading)?;
        self.ranges = planned;
        for range in held {
            let (partition, offset) = (&range.partition, range.until.unwrap_or(range.from));
            self.context.log(&format!(
                "{partition}: an open transaction begins at offset {offset}; the records behind it are left out"
            ))?;
        }
        if let Some(path) = &options.path {
            self.sink = Sink::file(path, length)?;
        }
        if self.context.terminals.stderr && (options.path.is_some() || !self.context.terminals.stdout) {
            self.progress = Progress::records(ranges::span(&self.ranges));
        }
        if options.path.is_none() {
            self.context.stdout.expect_much();
        }
        Ok(reader)
    }

    /// Looks after what a read has brought beside records.
    fn passed(
        &mut self,
        reader: &mut dyn BulkReader,
        pass: crate::client::Result<BulkPass>,
    ) -> Result<BulkPass, Failure> {
        let pass = pass.map_err(|error| self.with_remedy(error.into()))?;
        for gap in reader.take_gaps() {
            if let Some(range) = self.ranges.get(gap.range) {
                let (partition, from, last) = (&range.partition, gap.from, gap.until.plus(-1));
                self.context.log(&format!("{partition}: offsets {from} to {last} were deleted meanwhile"))?;
            }
        }
        self.progress.set(self.count);
        Ok(pass)
    }

    /// What is sound before damage is not lost with it.
    fn with_remedy(&mut self, failure: Failure) -> Failure {
        self.progress.clear();
        match self.sink.finish(self.context) {
            Ok(()) => failure,
            Err(unwritten) => unwritten,
        }
    }

    fn end(mut self, status: Status) -> Result<Status, Failure> {
        self.progress.clear();
        self.sink.finish(self.context)?;
        let count = self.count;
        self.context.say(&format!("Exported a total of {count} records"))?;
        Ok(status)
    }
}

/// What a file tells of a topic, with those of `ranges` that are its own.
fn archived(admin: &dyn Admin, topic: &ChosenTopic, ranges: &[BulkRange]) -> Result<ArchivedTopic, Failure> {
    let own = ranges.iter().filter(|range| range.partition.topic == topic.name);
    let ranges = own.map(|range| ArchivedRange {
        partition: range.partition.partition.0,
        from: range.from.get(),
        until: range.until.unwrap_or(range.from).get(),
    });
    Ok(ArchivedTopic {
        topic: topic.name.clone(),
        partitions: topic.partition_count,
        configs: ranges::own_configs(admin, &topic.name)?,
        ranges: ranges.collect(),
    })
}
