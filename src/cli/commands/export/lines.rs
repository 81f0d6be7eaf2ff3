//! How far a file of JSON lines has got: its last whole line tells.

use crate::cli::archive::{JsonLine, read_line};
use crate::cli::error::Failure;
use crate::cli::input::Input;
use crate::client::BulkRange;
use crate::types::{Offset, PartitionId, TopicPartition};
use std::path::Path;

/// What there is already.
pub(super) struct Tail {
    /// The bytes up to the end of the last whole line.
    pub(super) length: u64,
    /// The last record.
    last: Option<(TopicPartition, Offset)>,
}

/// Reads the file at `path`. One without a record begins anew.
pub(super) fn tail(path: &Path) -> Result<Tail, Failure> {
    let unreadable = |error| Failure::plain(format!("can't read '{}': {error}", path.display()));
    let mut input = Input::open(path).map_err(unreadable)?;
    let mut line = Vec::new();
    // What is behind the last line end was torn.
    let mut length = 0;
    while !input.has_ended() {
        input.read().map_err(unreadable)?;
        let held = input.held();
        if let Some(end) = memchr::memrchr(b'\n', held) {
            let whole = held.get(..end).unwrap_or_default();
            let begin = memchr::memrchr(b'\n', whole).map_or(0, |at| at + 1);
            line.clear();
            line.extend_from_slice(whole.get(begin..).unwrap_or_default());
            input.take(end + 1);
            length = input.taken_bytes();
        }
    }
    if length == 0 {
        return Ok(Tail { length: 0, last: None });
    }
    let foreign = |what: String| {
        let path = path.display();
        Failure::plain(format!("the last line of '{path}' is none of kt export: {what}"))
    };
    match read_line(&line).map_err(|error| foreign(error.to_string()))? {
        JsonLine::Topic(_) => Ok(Tail { length: 0, last: None }),
        JsonLine::Record(record) => match (record.topic, record.partition, record.offset) {
            (Some(topic), Some(partition), Some(offset)) => {
                let partition =
                    TopicPartition { topic: topic.into_owned(), partition: PartitionId(partition) };
                Ok(Tail { length, last: Some((partition, Offset::new(offset))) })
            }
            _ => Err(foreign("it has no topic, partition or offset".to_owned())),
        },
    }
}

/// What is left of `ranges` behind the tail.
pub(super) fn left(ranges: Vec<BulkRange>, tail: &Tail, path: &Path) -> Result<Vec<BulkRange>, Failure> {
    let Some((last, offset)) = &tail.last else { return Ok(ranges) };
    let Some(at) = ranges.iter().position(|range| range.partition == *last) else {
        return Err(Failure::plain(format!(
            "'{}' ends with a record of {last}, which is no part of this export",
            path.display()
        )));
    };
    let mut left: Vec<BulkRange> = ranges.into_iter().skip(at).collect();
    if let Some(first) = left.first_mut() {
        first.from = first.from.max(offset.next());
    }
    Ok(left)
}
