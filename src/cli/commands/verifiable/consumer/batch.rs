//! `Batch`: what was read at a time, by partition, until it is told and committed. Its memory is used again and again.

use crate::cli::commands::verifiable::event::{Event, push_text};
use crate::cli::java_order;
use crate::client::{CommittedOffset, ConsumerRecord};
use crate::types::{Offset, PartitionId, TopicPartition};
use std::fmt::Display;
use std::io::Write;

/// The records of one read.
#[derive(Debug, Default)]
pub(super) struct Batch {
    parts: Vec<Part>,
    /// How many of `parts` are in use.
    used: usize,
    count: u32,
}

/// Those of one partition.
#[derive(Debug)]
struct Part {
    key: TopicPartition,
    offsets: Vec<Offset>,
    /// What is shown of the records, one line each; empty if nothing is.
    lines: Vec<u8>,
    line_ends: Vec<usize>,
}

impl Batch {
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// Takes a record in; its line is written now if it is to be shown.
    pub(super) fn add(&mut self, record: &ConsumerRecord<'_>, is_verbose: bool) {
        self.count += 1;
        let Some(part) = self.part(record.topic, record.partition) else { return };
        let offset = record.record.offset;
        part.offsets.push(offset);
        if is_verbose {
            Event::new(&mut part.lines, "record_data")
                .text("key", record.record.key)
                .text("value", record.record.value)
                .text("topic", Some(record.topic.as_bytes()))
                .value("partition", record.partition)
                .value("offset", offset)
                .end();
            part.line_ends.push(part.lines.len());
        }
    }

    fn part(&mut self, topic: &str, partition: PartitionId) -> Option<&mut Part> {
        let same = |part: &Part| part.key.partition == partition && part.key.topic == topic;
        let at = match self.parts.iter().take(self.used).position(same) {
            Some(at) => at,
            None => {
                let key = TopicPartition { topic: topic.to_owned(), partition };
                match self.parts.get_mut(self.used) {
                    Some(part) => part.key = key,
                    None => self.parts.push(Part {
                        key,
                        offsets: Vec::new(),
                        lines: Vec::new(),
                        line_ends: Vec::new(),
                    }),
                }
                self.used += 1;
                self.used - 1
            }
        };
        self.parts.get_mut(at)
    }

    /// Tells of the first `limit` records, partition by partition in Kafka's order; says how many they are and what there
    /// is to be committed of them. The batch is empty then.
    pub(super) fn tell(
        &mut self,
        limit: u64,
        out: &mut Vec<u8>,
    ) -> (u64, Vec<(TopicPartition, CommittedOffset)>) {
        let parts = self.parts.get_mut(..self.used).unwrap_or_default();
        java_order::sort(parts, java_order::DEFAULT_CAPACITY, |part| java_order::partition_hash(&part.key));
        let mut left = limit;
        let mut told = Vec::new();
        for part in parts.iter() {
            let taken = usize::try_from(left).unwrap_or(usize::MAX).min(part.offsets.len());
            left -= taken as u64;
            let shown = taken.checked_sub(1).and_then(|last| part.line_ends.get(last)).copied().unwrap_or(0);
            out.extend_from_slice(part.lines.get(..shown).unwrap_or_default());
            if let (Some(&first), Some(&last)) =
                (part.offsets.first(), part.offsets.get(taken.wrapping_sub(1)))
            {
                told.push((&part.key, taken, first, last));
            }
            if left == 0 {
                break;
            }
        }
        Event::new(out, "records_consumed")
            .value("count", self.count)
            .list("partitions", &told, |out, &(key, count, first, last)| {
                begin_partition(out, key);
                push_values(out, &[("count", &count), ("minOffset", &first), ("maxOffset", &last)]);
            })
            .end();
        let committed = |offset: Offset| CommittedOffset {
            offset: offset.next(),
            leader_epoch: None,
            metadata: String::new(),
        };
        let due = told.iter().map(|(key, _, _, last)| ((*key).clone(), committed(*last))).collect();
        self.clear();
        (limit - left, due)
    }

    fn clear(&mut self) {
        for part in self.parts.iter_mut().take(self.used) {
            part.offsets.clear();
            part.lines.clear();
            part.line_ends.clear();
        }
        self.used = 0;
        self.count = 0;
    }
}

/// Writes partitions as a list of objects.
pub(super) fn push_partition(out: &mut Vec<u8>, key: &TopicPartition) {
    begin_partition(out, key);
    out.push(b'}');
}

/// Writes a partition with a committed offset.
pub(super) fn push_committed(out: &mut Vec<u8>, key: &TopicPartition, offset: Offset) {
    begin_partition(out, key);
    push_values(out, &[("offset", &offset)]);
}

fn begin_partition(out: &mut Vec<u8>, key: &TopicPartition) {
    out.extend_from_slice(b"{\"topic\":");
    push_text(out, key.topic.as_bytes());
    // Writing to memory doesn't fail.
    let _ = write!(out, ",\"partition\":{}", key.partition);
}

fn push_values(out: &mut Vec<u8>, values: &[(&str, &dyn Display)]) {
    for (name, value) in values {
        let _ = write!(out, ",\"{name}\":{value}");
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Headers, RecordView, TimestampMs, TimestampType};

    fn add(batch: &mut Batch, partition: i32, offset: i64) {
        let record = RecordView {
            offset: Offset::new(offset),
            timestamp: TimestampMs(0),
            timestamp_type: TimestampType::Create,
            key: None,
            value: Some(b"v"),
            headers: Headers::default(),
        };
        let partition = PartitionId(partition);
        batch.add(&ConsumerRecord { topic: "cc", partition, record, delivery_count: None }, true);
    }

    fn told(batch: &mut Batch, limit: u64) -> (u64, Vec<String>, Vec<String>) {
        let mut out = Vec::new();
        let (count, due) = batch.tell(limit, &mut out);
        let text = String::from_utf8(out).unwrap();
        let lines = text.lines().map(|line| line.split_once("\"name\":").unwrap().1.to_owned()).collect();
        (count, lines, due.iter().map(|(key, committed)| format!("{key}@{}", committed.offset)).collect())
    }

    #[test]
    fn partitions_come_as_kafka_lists_them_and_the_limit_cuts_the_last() {
        let mut batch = Batch::default();
        for (partition, offset) in [(0, 3), (0, 4), (1, 7), (1, 8)] {
            add(&mut batch, partition, offset);
        }
        let (count, lines, due) = told(&mut batch, 3);
        assert_eq!(count, 3);
        let last = r#""records_consumed","count":4,"partitions":[{"topic":"cc","partition":1,"count":2,"minOffset":7,"maxOffset":8},{"topic":"cc","partition":0,"count":1,"minOffset":3,"maxOffset":3}]}"#;
        assert_eq!((lines.len(), lines[3].as_str()), (4, last));
        assert_eq!(
            lines[2],
            r#""record_data","key":null,"value":"v","topic":"cc","partition":0,"offset":3}"#
        );
        assert_eq!(due, ["cc-1@9", "cc-0@4"]);
    }

    #[test]
    fn a_batch_is_used_again() {
        let mut batch = Batch::default();
        add(&mut batch, 1, 5);
        assert_eq!(told(&mut batch, u64::MAX).0, 1);
        add(&mut batch, 0, 9);
        let (count, lines, due) = told(&mut batch, u64::MAX);
        assert_eq!((count, lines.len(), batch.count()), (1, 2, 0));
        assert_eq!(due, ["cc-0@10"]);
    }
}
