//! `kt import`, from the first byte to the last mark.

use super::feed::{Feed, Supply};
use super::sink::Sink;
use super::{json, stored};
use crate::cli::archive::MAGIC;
use crate::cli::config::command_config;
use crate::cli::context::Context;
use crate::cli::destinations::{Destinations, renamed};
use crate::cli::error::{Failure, Status};
use crate::cli::input::Input;
use crate::cli::parse::Parsed;
use crate::client::{BulkMark, BulkStart};
use crate::output::Progress;
use crate::signal;
use crate::types::{Offset, PartitionId, TopicPartition};
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How far is kept after so much of the file, or so long.
const MARK_BYTES: u64 = 64 * 1024 * 1024;
const MARK_INTERVAL: Duration = Duration::from_secs(1);

/// One import.
pub(super) struct Session<'c> {
    context: &'c mut Context,
    pub(super) feed: Feed,
    /// The file, if it is one that can be read twice.
    pub(super) path: Option<PathBuf>,
    pub(super) sink: Sink,
    /// Lines that were taken.
    pub(super) line_count: u64,
    /// A part of what is behind the mark may be in already: there is no other mark until all has been read.
    is_unsure: bool,
    /// Where the last mark stands, and since when.
    marked: u64,
    marked_at: Instant,
    progress: Progress,
}

/// Why reading goes no further.
pub(super) enum Stop {
    End,
    Signal(i32),
}

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let path = match parsed.words() {
        [] => None,
        [path] => Some(PathBuf::from(path)).filter(|path| path.as_os_str() != "-"),
        _ => return Err(Failure::misuse("name one file")),
    };
    let prints_json = match parsed.text("output")?.as_deref() {
        None => false,
        Some("json") => true,
        Some(other) => return Err(Failure::misuse(format!("the output format '{other}' is not json"))),
    };
    let name = name(parsed, path.as_deref())?;
    let (only, renamed) = (parsed.text("topic")?.map(|topic| topic.into_owned()), renamed(parsed)?);
    if only.is_some() && !renamed.is_empty() {
        return Err(Failure::misuse("--topic and --rename both name topics: give one of them"));
    }
    let partitions = parsed.number::<i32>("partitions")?;
    if partitions.is_some_and(|count| count < 1) {
        return Err(Failure::misuse("--partitions is a number from 1 on"));
    }
    command_config(parsed)?;
    let connection = context.connect(parsed)?;
    signal::install();
    let targets =
        Destinations::new(connection.admin()?, only, renamed, parsed.has("repartition"), partitions);
    let feed = open(path.as_deref())?;
    let mut writer = connection.bulk_writer()?;
    let key = TopicPartition { topic: file_name(path.as_deref()), partition: PartitionId(0) };
    let found = match &name {
        Some(name) => writer.last_mark(name, &key)?.filter(|mark| read_note(&mark.note).is_some()),
        None => None,
    };
    let first = || BulkMark { position: Offset::ZERO, note: note(0, 0, 0) };
    let is_unsure = found.is_some();
    let start = found.as_ref().map_or_else(|| BulkStart::Anew(first()), |_| BulkStart::Resumed);
    let source = writer.begin(name.as_deref(), &key, start)?;
    let mark = found.unwrap_or_else(first);
    let progress = match (context.terminals.stderr, feed.total_bytes()) {
        (true, Some(total)) => Progress::bytes(total),
        _ => Progress::none(),
    };
    let session = Session {
        context,
        feed,
        path,
        sink: Sink::new(targets, writer, source),
        line_count: 0,
        is_unsure,
        marked: 0,
        marked_at: Instant::now(),
        progress,
    };
    session.run(&mark, prints_json)
}

/// What to keep count under.
fn name(parsed: &Parsed, path: Option<&Path>) -> Result<Option<String>, Failure> {
    let given = parsed.text("name")?;
    if !parsed.has("resume") {
        return match given {
            Some(_) => Err(Failure::misuse("--name is what --resume keeps count under: give both")),
            None => Ok(None),
        };
    }
    let name = match (given, path) {
        (Some(name), _) if name.is_empty() => return Err(Failure::misuse("--name is empty")),
        (Some(name), _) => name.into_owned(),
        (None, Some(path)) => file_name(Some(path)),
        (None, None) => {
            return Err(Failure::misuse("--resume of standard input needs a --name to keep count under"));
        }
    };
    Ok(Some(format!("kt-import.{name}")))
}

fn file_name(path: Option<&Path>) -> String {
    let name = path.and_then(Path::file_name);
    name.map_or_else(|| "-".to_owned(), |name| name.to_string_lossy().into_owned())
}

fn open(path: Option<&Path>) -> Result<Feed, Failure> {
    let (opened, name) = match path {
        Some(path) => (Input::open(path), path.display().to_string()),
        None => (Input::stdin(), "standard input".to_owned()),
    };
    match opened {
        Ok(input) => Ok(Feed::new(input, name)),
        Err(error) => Err(Failure::plain(format!("can't read '{name}': {error}"))),
    }
}

/// What a mark remembers beside the position.
fn note(records: u64, lines: u64, crc: u32) -> String {
    format!("records={records} lines={lines} crc={crc:08x}")
}

fn read_note(note: &str) -> Option<(u64, u64, u32)> {
    let mut words = note.split(' ');
    let mut value = |name: &str| words.next()?.strip_prefix(name)?.strip_prefix('=');
    let (records, lines) = (value("records")?.parse().ok()?, value("lines")?.parse().ok()?);
    Some((records, lines, u32::from_str_radix(value("crc")?, 16).ok()?))
}

impl Session<'_> {
    fn run(mut self, mark: &BulkMark, prints_json: bool) -> Result<Status, Failure> {
        let outcome = self.go(mark).map(|stop| match (stop, signal::received()) {
            // Who sends the signal often closes the input as well.
            (Stop::End, Some(number)) => Stop::Signal(number),
            (stop, _) => stop,
        });
        self.progress.clear();
        let (status, failure) = match outcome {
            Ok(Stop::End) => (Status::SUCCESS, None),
            Ok(Stop::Signal(number)) => (Status(u8::try_from(128 + number).unwrap_or(1)), None),
            Err(failure) => (Status::FAILURE, Some(failure)),
        };
        let count = self.sink.written_count;
        if let Some(failure) = failure {
            // What came before a fault is in all the same. No mark: a part of a frame may be in, too.
            // If that fails too, the first failure tells why.
            let _ = self.sink.writer.flush();
            return Err(failure);
        }
        self.is_unsure &= status != Status::SUCCESS;
        self.mark()?;
        if prints_json {
            let there = self.sink.record_count - count;
            let summary = json!({ "records": count, "alreadyThere": there, "bytes": self.feed.position() });
            writeln!(self.context.stdout, "{summary}")?;
        }
        self.context.say(&format!("Imported a total of {count} records"))?;
        Ok(status)
    }

    fn go(&mut self, mark: &BulkMark) -> Result<Stop, Failure> {
        let (records, lines, crc) = read_note(&mark.note).unwrap_or_default();
        let done = u64::try_from(mark.position.get()).unwrap_or(0);
        // The first bytes tell what the file is.
        while self.feed.held().len() < MAGIC.len() && !self.feed.has_ended() {
            if let Supply::Signal(number) = self.feed.read(true)? {
                return Ok(Stop::Signal(number));
            }
        }
        // A line of JSON begins with an ASCII character, whatever is wrong with the rest.
        let is_binary = self.feed.held().first() == MAGIC.first();
        self.marked = done;
        if is_binary {
            return stored::import(self, done, crc);
        }
        self.feed.pass(done, crc)?;
        (self.sink.record_count, self.line_count) = (records, lines);
        json::import(self)
    }

    /// Reads on. Before it waits for more, what was read so far is made visible.
    pub(super) fn read_on(&mut self) -> Result<Supply, Failure> {
        self.progress.set(self.feed.position());
        let is_due = self.marked_at.elapsed() >= MARK_INTERVAL
            || self.feed.position().saturating_sub(self.marked) >= MARK_BYTES;
        if is_due {
            self.mark()?;
        }
        match self.feed.read(false)? {
            Supply::Waiting => {
                self.mark()?;
                self.feed.read(true)
            }
            supply => Ok(supply),
        }
    }

    /// Keeps how far the file is in.
    fn mark(&mut self) -> Result<(), Failure> {
        self.marked_at = Instant::now();
        let position = self.feed.position();
        if position <= self.marked {
            return Ok(());
        }
        if self.is_unsure {
            return Ok(self.sink.writer.flush()?);
        }
        let note = note(self.sink.record_count, self.line_count, self.feed.crc());
        let offset = Offset::new(i64::try_from(position).unwrap_or(i64::MAX));
        self.sink.writer.mark(&[(self.sink.source, BulkMark { position: offset, note })])?;
        self.marked = position;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_as_it_was_written() {
        assert_eq!(read_note(&note(7, 9, 0xabc)), Some((7, 9, 0xabc)));
        for bad in ["", "records=7", "records=7 lines=9 crc=x", "lines=9 records=7 crc=1"] {
            assert_eq!(read_note(bad), None, "{bad}");
        }
    }
}
