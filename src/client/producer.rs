//! `Producer`: records in, acknowledgements out.

use super::{CommittedOffset, GroupMetadata, Result};
use crate::types::{Header, Offset, PartitionId, TimestampMs, TopicPartition};
use std::time::Duration;

/// When a record counts as sent (`acks`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Acks {
    /// 0: it was handed over.
    None,
    /// 1: it is in the leader's log, not necessarily on its disk.
    Leader,
    /// all: it is on the disk of every in-sync replica.
    All,
}

/// `compression.type` of a producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

/// Who picks the partition of a record that doesn't name one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Partitioner {
    /// kt's own: by the key's hash; without a key in strict rotation, going on across runs.
    Rotation,
    /// Kafka's built-in one: by the key's hash; without a key one partition for a batch.
    Sticky,
    /// Kafka's `RoundRobinPartitioner`: in turn, keys are ignored.
    RoundRobin,
}

#[derive(Clone, Debug)]
pub(crate) struct ProducerConfig {
    pub(crate) acks: Acks,
    pub(crate) codec: Codec,
    pub(crate) partitioner: Partitioner,
    /// `partitioner.ignore.keys`.
    pub(crate) ignore_keys: bool,
    /// `batch.size`, in bytes; `None` leaves it to the producer, which then takes what is fastest.
    pub(crate) batch_size_bytes: Option<usize>,
    /// `max.request.size`, in bytes: a record that could need more is refused.
    pub(crate) max_request_size_bytes: usize,
    /// `enable.idempotence`: batches carry a producer id and sequences. A transactional producer always is.
    pub(crate) idempotent: bool,
    /// `transactional.id`: records are sent within transactions of this id.
    pub(crate) transactional_id: Option<String>,
    /// `transaction.timeout.ms`.
    pub(crate) transaction_timeout_ms: i32,
    /// The producer keeps a [`Receipt`] of every record, which its caller takes.
    pub(crate) receipts: bool,
}

/// `transaction.timeout.ms` where nothing else is said.
pub(crate) const TRANSACTION_TIMEOUT_MS: i32 = 60_000;

/// A record to be sent. `None` is null.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ProducerRecord<'a> {
    pub(crate) partition: Option<PartitionId>,
    /// `None` takes the time of sending.
    pub(crate) timestamp: Option<TimestampMs>,
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) value: Option<&'a [u8]>,
    pub(crate) headers: &'a [Header<'a>],
}

/// What became of a record that a producer took.
#[derive(Debug)]
pub(crate) struct Receipt {
    /// Which call of `send` it came with, counted from 0, refused ones included.
    pub(crate) number: u64,
    /// Where the record is stored, as `acks` asks, or why it can't be.
    pub(crate) outcome: Result<(PartitionId, Offset)>,
}

/// What a producer answers when its caller has nothing more to send for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Idle {
    /// Everything has been handed over to the log: sleep as long as you like.
    Nothing,
    /// Records wait for company; call again after this time unless more arrive first.
    CallAgainWithin(Duration),
}

/// A producer of one topic. Dropping it without `close` abandons what was not acknowledged.
pub(crate) trait Producer {
    /// Takes a record; it is copied before the call returns. An error concerns this record (too large, no such
    /// partition, …) unless `is_fatal` says otherwise; the next one may be sent all the same.
    fn send(&mut self, record: &ProducerRecord<'_>) -> Result<()>;

    /// Tells the producer that no record is at hand, so that those it holds need not wait for more.
    fn idle(&mut self) -> Result<Idle>;

    /// Returns when every record sent so far is acknowledged as `acks` asks; the error tells of the first that
    /// was not.
    fn flush(&mut self) -> Result<()>;

    /// How many records are acknowledged by now, as `acks` asks.
    fn acknowledged(&self) -> u64;

    /// Adds to `receipts` those of the records that have been stored or given up since the last call, in the order of
    /// their sending; none if the producer was not asked to keep any. A record that was refused by `send` gets none, nor
    /// does one of which a failure of the log leaves open whether it is stored.
    fn take_receipts(&mut self, receipts: &mut Vec<Receipt>);

    /// Whether the log itself has failed, so that no further record can be stored.
    fn is_fatal(&self) -> bool;
}

/// A producer whose records count together or not at all. Opening one aborts what an earlier producer of the same
/// transactional id left open and fences that producer. After an error of anything that belongs to a transaction, it can
/// only be aborted.
pub(crate) trait TransactionalProducer: Producer {
    /// Begins a transaction; an error of one is open already. Records may only be sent within one.
    fn begin_transaction(&mut self) -> Result<()>;

    /// Takes a record for `topic`, which need not be the one that the producer was opened for and is created if it isn't
    /// there. [`Producer::send`] otherwise.
    fn send_to(&mut self, topic: &str, record: &ProducerRecord<'_>) -> Result<()>;

    /// Makes positions of a consumer a part of the transaction: they are committed with its records, or not at all. Each
    /// offset is that of the next record to be read. Refused with `UnknownMemberId`, `IllegalGeneration` or
    /// `FencedInstanceId` if `group` speaks for someone who is not, or no longer, the member that it says; with -1 as its
    /// generation and an empty member id it speaks for someone outside of the group, who is not checked.
    fn send_offsets(
        &mut self,
        group: &GroupMetadata,
        offsets: &[(TopicPartition, CommittedOffset)],
    ) -> Result<()>;

    /// Makes everything sent since `begin_transaction` durable and visible at once to who reads committed records.
    /// After an error the transaction can only be aborted, or the producer given up.
    fn commit_transaction(&mut self) -> Result<()>;

    /// Takes back everything sent since `begin_transaction`.
    fn abort_transaction(&mut self) -> Result<()>;
}
