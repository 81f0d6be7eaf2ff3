//! How far a file of the binary form has got, and what it says was planned.

use crate::cli::archive::{ArchivedTopic, Frame, FrameReader};
use crate::cli::error::Failure;
use crate::cli::input::Input;
use crate::client::BulkRange;
use crate::types::{Offset, PartitionId, TopicPartition};
use std::path::Path;

/// What there is already.
pub(super) struct Present {
    /// The bytes up to the end of the last whole frame; 0 if the file is to begin anew.
    pub(super) length: u64,
    pub(super) chain: u32,
    pub(super) total: u64,
    pub(super) is_complete: bool,
    pub(super) topics: Vec<ArchivedTopic>,
    /// The topic's number, partition and last offset of the last frame of records.
    last: Option<(usize, i32, i64)>,
}

/// Reads the file at `path` up to where it was torn. Damage is an error.
pub(super) fn present(path: &Path) -> Result<Present, Failure> {
    let unreadable = |error| Failure::plain(format!("can't read '{}': {error}", path.display()));
    let mut input = Input::open(path).map_err(unreadable)?;
    let mut reader = FrameReader::new();
    let (mut topics, mut last) = (Vec::new(), None);
    loop {
        let before = reader.position();
        let frame = reader.next(input.held()).map_err(|error| {
            let failure = Failure::plain(format!("can't go on with '{}': {error}", path.display()));
            failure.with_hint("run the command without --resume, to another file")
        })?;
        match frame {
            Some(Frame::Topic(topic)) => topics.push(topic),
            Some(Frame::Records(stored)) => last = Some((stored.topic, stored.partition, stored.last)),
            Some(Frame::End) => {}
            None if input.has_ended() => break,
            None => {
                input.read().map_err(unreadable)?;
                continue;
            }
        }
        input.take(usize::try_from(reader.position() - before).unwrap_or(usize::MAX));
    }
    // Whether all topics are there is known from what follows them.
    let has_all_topics = last.is_some() || reader.has_ended();
    Ok(Present {
        length: if has_all_topics { reader.position() } else { 0 },
        chain: reader.chain(),
        total: reader.total(),
        is_complete: reader.has_ended(),
        topics,
        last,
    })
}

impl Present {
    /// What is left of what was planned.
    pub(super) fn left(&self) -> Vec<BulkRange> {
        let mut all: Vec<BulkRange> = self.topics.iter().flat_map(ranges_of).collect();
        let Some((topic, partition, offset)) = self.last else { return all };
        let name = self.topics.get(topic).map(|topic| topic.topic.as_str());
        let is_last = |range: &BulkRange| {
            Some(range.partition.topic.as_str()) == name && range.partition.partition.0 == partition
        };
        if let Some(at) = all.iter().position(is_last) {
            all.drain(..at);
        }
        if let Some(first) = all.first_mut() {
            first.from = Offset::new(offset).next();
        }
        all
    }
}

fn ranges_of(topic: &ArchivedTopic) -> impl Iterator<Item = BulkRange> {
    topic.ranges.iter().map(|range| BulkRange {
        partition: TopicPartition { topic: topic.topic.clone(), partition: PartitionId(range.partition) },
        from: Offset::new(range.from),
        until: Some(Offset::new(range.until)),
    })
}
