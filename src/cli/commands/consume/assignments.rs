//! `--show-assignments`: a line on standard error at each moment at which partitions become the consumer's or stop being its
//! own, for people who watch how a group shares its topics. kt's own.
//!
//! A line is written by one write at the moment itself, before the first record of a partition that comes and after the last
//! of one that goes: members that append to one file, lines and records, tell there who had what when.

use crate::client::{CommittedOffset, Consumer, ConsumerRecord, GroupMetadata, Handler, Polled, Result};
use crate::types::TopicPartition;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::time::Duration;

/// A consumer that tells of its partitions.
pub(super) struct ShowsAssignments {
    consumer: Box<dyn Consumer>,
    owned: Owned,
}

impl ShowsAssignments {
    /// `name` begins each line.
    pub(super) fn new(consumer: Box<dyn Consumer>, name: &str) -> ShowsAssignments {
        ShowsAssignments { consumer, owned: Owned { name: name.to_owned(), partitions: BTreeSet::new() } }
    }
}

impl Consumer for ShowsAssignments {
    fn poll(&mut self, timeout: Option<Duration>, handler: &mut dyn Handler) -> Result<Polled> {
        self.consumer.poll(timeout, &mut Telling { handler, owned: &mut self.owned })
    }

    fn positions(&mut self) -> Vec<(TopicPartition, CommittedOffset)> {
        self.consumer.positions()
    }

    fn commit(&mut self, offsets: &[(TopicPartition, CommittedOffset)]) -> Result<()> {
        self.consumer.commit(offsets)
    }

    fn group_metadata(&self) -> Option<GroupMetadata> {
        self.consumer.group_metadata()
    }

    fn remaining(&self) -> Option<u64> {
        self.consumer.remaining()
    }

    fn close(&mut self) -> Result<()> {
        let partitions: Vec<TopicPartition> = self.owned.partitions.iter().cloned().collect();
        self.owned.gone("revoked", &partitions);
        self.consumer.close()
    }
}

/// What the consumer has.
struct Owned {
    name: String,
    partitions: BTreeSet<TopicPartition>,
}

impl Owned {
    fn come(&mut self, partitions: &[TopicPartition]) {
        self.partitions.extend(partitions.iter().cloned());
        // In a rebalance that changes nothing there is nothing to tell, but that there still is nothing.
        if !partitions.is_empty() || self.partitions.is_empty() {
            say(&self.line("assigned", partitions));
        }
    }

    fn gone(&mut self, how: &str, partitions: &[TopicPartition]) {
        self.partitions.retain(|owned| !partitions.contains(owned));
        if !partitions.is_empty() {
            say(&self.line(how, partitions));
        }
    }

    fn line(&self, what: &str, partitions: &[TopicPartition]) -> String {
        let sorted: BTreeSet<&TopicPartition> = partitions.iter().collect();
        let names = match sorted.is_empty() {
            true => " no partitions".to_owned(),
            false => sorted.iter().map(|partition| format!(" {partition}")).collect(),
        };
        format!("{} {what}{names}\n", self.name)
    }
}

/// Nothing depends on a line that nobody can read.
fn say(line: &str) {
    let _ = io::stderr().lock().write_all(line.as_bytes());
}

/// Tells before the handler takes a partition up, and after it has let go of one.
struct Telling<'a> {
    handler: &'a mut dyn Handler,
    owned: &'a mut Owned,
}

impl Handler for Telling<'_> {
    #[inline]
    fn record(&mut self, record: &ConsumerRecord<'_>) -> ControlFlow<()> {
        self.handler.record(record)
    }

    fn is_full(&self) -> bool {
        self.handler.is_full()
    }

    fn wants_out(&self) -> bool {
        self.handler.wants_out()
    }

    fn assigned(&mut self, partitions: &[TopicPartition]) {
        self.owned.come(partitions);
        self.handler.assigned(partitions);
    }

    fn revoked(&mut self, partitions: &[TopicPartition]) -> Vec<(TopicPartition, CommittedOffset)> {
        let due = self.handler.revoked(partitions);
        self.owned.gone("revoked", partitions);
        due
    }

    fn lost(&mut self, partitions: &[TopicPartition]) {
        self.handler.lost(partitions);
        self.owned.gone("lost", partitions);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::PartitionId;

    #[test]
    fn a_line_names_partitions_in_their_order() {
        let owned = Owned { name: "one".to_owned(), partitions: BTreeSet::new() };
        let partition = |number| TopicPartition { topic: "demo".to_owned(), partition: PartitionId(number) };
        assert_eq!(owned.line("lost", &[partition(10), partition(2)]), "one lost demo-2 demo-10\n");
        assert_eq!(owned.line("assigned", &[]), "one assigned no partitions\n");
    }
}
