//! `Sink`: where the records of an import go, and how many there were.

use crate::cli::archive::{ArchivedTopic, JsonRecord, Stored};
use crate::cli::destinations::Destinations;
use crate::cli::error::Failure;
use crate::client::{BulkOrigin, BulkPlace, BulkRecord, BulkSource, BulkWriter};
use crate::types::{Header, PartitionId, TimestampMs};

/// The topics and the writer.
pub(super) struct Sink {
    pub(super) targets: Destinations,
    pub(super) writer: Box<dyn BulkWriter>,
    pub(super) source: BulkSource,
    /// Records that were given to the writer, in this run and before.
    pub(super) record_count: u64,
    /// Records that this run has written.
    pub(super) written_count: u64,
    /// The topics of the file, as they are called here, by their number there.
    names: Vec<String>,
}

impl Sink {
    pub(super) fn new(targets: Destinations, writer: Box<dyn BulkWriter>, source: BulkSource) -> Sink {
        Sink { targets, writer, source, record_count: 0, written_count: 0, names: Vec::new() }
    }

    /// Takes a topic that the file describes.
    pub(super) fn topic(&mut self, topic: &ArchivedTopic) -> Result<(), Failure> {
        let name = self.targets.describe(topic)?;
        self.names.push(name);
        Ok(())
    }

    /// Takes a record of a line; what it doesn't say is filled in. `largest` finds the largest partition that the file names,
    /// for a topic that has to be made.
    pub(super) fn record(
        &mut self,
        record: &JsonRecord<'_>,
        now: TimestampMs,
        largest: impl FnOnce() -> Result<Option<i32>, Failure>,
    ) -> Result<(), Failure> {
        let topic = self.targets.name(record.topic.as_deref())?;
        self.targets.ensure(&topic, record.partition, largest)?;
        let place = match record.partition.filter(|_| !self.targets.repartition) {
            Some(number) => BulkPlace::Partition(PartitionId(number)),
            None => BulkPlace::Spread(self.record_count),
        };
        let headers: Vec<Header<'_>> =
            record.headers.iter().map(|(key, value)| Header { key, value: value.as_deref() }).collect();
        let bulk = BulkRecord {
            timestamp: record.timestamp.map_or(now, TimestampMs),
            is_append_time: record.is_append_time && record.timestamp.is_some(),
            key: record.key.as_deref(),
            value: record.value.as_deref(),
            headers: &headers,
        };
        let written = self.writer.write_record(self.source, &topic, place, &bulk)?;
        self.record_count += 1;
        self.written_count += u64::from(written);
        Ok(())
    }

    /// Takes the batches of a frame.
    pub(super) fn batches(&mut self, stored: &Stored<'_>) -> Result<(), Failure> {
        let Some(topic) = self.names.get(stored.topic) else { return Ok(()) };
        let place = match self.targets.repartition {
            false => BulkPlace::Partition(PartitionId(stored.partition)),
            true => BulkPlace::Spread(u64::from(stored.partition.unsigned_abs())),
        };
        for batch in stored.batches() {
            self.written_count +=
                self.writer.write_batch(self.source, topic, place, batch, BulkOrigin::Foreign)?;
        }
        self.record_count += stored.count;
        Ok(())
    }
}
