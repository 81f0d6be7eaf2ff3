//! Record batches as bytes in memory: building, parsing, checking, compressing, partitioning. Does no I/O and
//! knows no log, no topic and no clock.
//! Source: Kafka's message formats v0, v1 (KIP-31, KIP-32) and v2 (KIP-98), control records (KIP-98, KIP-595,
//! KIP-630, KIP-853), compression levels (KIP-390).

mod batch;
mod builder;
mod compress;
mod compression;
mod control;
mod control_batch;
mod crc;
mod decompress;
mod error;
#[cfg(test)]
mod fixtures;
mod legacy;
mod lz4;
mod partitioner;
mod reader;
#[expect(clippy::module_inception, reason = "a record within record/")]
mod record;
mod xerial;

pub(crate) use batch::{
    BatchHeader, HEADER_SIZE, LOG_OVERHEAD, batch_size, empty_batch, flipped_bit, place, sequence_after,
    set_log_append_time, set_producer, stamp, verify_crc,
};
pub(crate) use builder::{BatchBuilder, ProducerStamp, record_size_bound};
pub(crate) use compression::Compression;
pub(crate) use control::{ControlRecord, EndTxn, Endpoint, KRaftVoter};
pub(crate) use control_batch::{
    end_txn_batch, leader_change_batch, quorum_batch, snapshot_footer_batch, snapshot_header_batch,
};
pub(crate) use crc::crc32c;
pub(crate) use error::Error;
pub(crate) use legacy::LegacyRecord;
pub(crate) use partitioner::partition_for_key;
pub(crate) use reader::BatchReader;
