//! Importing JSON lines.

use super::feed::Supply;
use super::run::{Session, Stop};
use super::sink::Sink;
use crate::cli::archive::{JsonLine, largest_partition, read_line};
use crate::cli::error::Failure;
use crate::cli::input::Input;
use crate::types::{TimestampMs, now_ms};
use std::path::Path;

/// Imports every line from where the feed stands.
pub(super) fn import(session: &mut Session<'_>) -> Result<Stop, Failure> {
    loop {
        let now = now_ms();
        while let Some(end) = memchr::memchr(b'\n', session.feed.held()) {
            take(session, end, end + 1, now)?;
        }
        match session.read_on()? {
            Supply::Signal(number) => return Ok(Stop::Signal(number)),
            Supply::Ended => {
                // The last line may lack its end.
                let length = session.feed.held().len();
                if length > 0 {
                    take(session, length, length, now)?;
                }
                return Ok(Stop::End);
            }
            Supply::More | Supply::Waiting => {}
        }
    }
}

/// Imports the line that ends at `end`, and takes it from the feed with its line end.
fn take(session: &mut Session<'_>, end: usize, length: usize, now: TimestampMs) -> Result<(), Failure> {
    let line = session.feed.held().get(..end).unwrap_or_default().trim_ascii();
    if !line.is_empty() {
        let number = session.line_count + 1;
        let path = session.path.as_deref();
        let imported = import_line(&mut session.sink, line, path, now);
        imported.map_err(|failure| {
            let message = format!("line {number}: {}", failure.message());
            failure.kt_message(message)
        })?;
    }
    session.feed.take(length);
    session.line_count += 1;
    Ok(())
}

fn import_line(sink: &mut Sink, line: &[u8], path: Option<&Path>, now: TimestampMs) -> Result<(), Failure> {
    match read_line(line).map_err(|error| Failure::plain(error.to_string()))? {
        JsonLine::Topic(topic) => sink.topic(&topic),
        JsonLine::Record(record) => {
            // Where topics go into one another, the partitions of all of them count.
            let topic = record.topic.as_deref().filter(|_| sink.targets.keeps_names());
            sink.record(&record, now, || path.map_or(Ok(None), |path| find_largest(path, topic)))
        }
    }
}

/// The largest partition that the records of a topic (`None`: of all) name in a file, as far as they can be read.
fn find_largest(path: &Path, topic: Option<&str>) -> Result<Option<i32>, Failure> {
    let unreadable = |error| Failure::plain(format!("can't read '{}': {error}", path.display()));
    let mut input = Input::open(path).map_err(unreadable)?;
    // What is no file can't be read twice.
    if input.total_bytes().is_none() {
        return Ok(None);
    }
    let mut largest = None;
    while !input.has_ended() {
        input.read().map_err(unreadable)?;
        let held = input.held();
        let whole = memchr::memrchr(b'\n', held).map_or(0, |end| end + 1);
        let whole = if input.has_ended() { held.len() } else { whole };
        for line in held.get(..whole).unwrap_or_default().split(|&byte| byte == b'\n') {
            largest = largest.max(largest_partition(line, topic));
        }
        input.take(whole);
    }
    Ok(largest)
}
