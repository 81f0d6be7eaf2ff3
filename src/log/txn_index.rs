//! The `.txnindex` files: which transactions of a log were aborted.
//!
//! 34-byte entries: version i16 = 0, producer id i64, first offset i64, last offset i64 (the ABORT marker's own), last
//! stable offset i64. An entry stands in the segment that holds the marker; a segment without aborts has no file.

use super::names::{FileKind, segment_file, with_kind};
use super::{Result, segments};
use crate::disk::{File, Mode};
use crate::types::Offset;
use std::path::Path;

const ENTRY_BYTES: usize = 34;

/// An aborted transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AbortedTransaction {
    pub(crate) producer_id: i64,
    pub(crate) first_offset: Offset,
    /// The offset of its ABORT marker.
    pub(crate) last_offset: Offset,
}

/// The aborted transactions of the log that end at or after `from`, in order of their markers.
pub(crate) fn aborted_since(dir: &Path, from: Offset) -> Result<Vec<AbortedTransaction>> {
    let holding = segments(dir)?.into_iter().rev().find(|&base| base <= from).unwrap_or(Offset::ZERO);
    let mut aborted = Vec::new();
    for base in with_kind(dir, FileKind::TransactionIndex)?.into_iter().filter(|&base| base >= holding) {
        let bytes =
            File::open(&segment_file(dir, base, FileKind::TransactionIndex), Mode::Read)?.read_all()?;
        aborted.extend(
            bytes.chunks_exact(ENTRY_BYTES).filter_map(decode).filter(|entry| entry.last_offset >= from),
        );
    }
    Ok(aborted)
}

fn decode(entry: &[u8]) -> Option<AbortedTransaction> {
    let (version, rest) = entry.split_first_chunk::<2>()?;
    let (producer_id, rest) = rest.split_first_chunk::<8>()?;
    let (first_offset, rest) = rest.split_first_chunk::<8>()?;
    let last_offset = rest.first_chunk::<8>()?;
    (i16::from_be_bytes(*version) == 0).then(|| AbortedTransaction {
        producer_id: i64::from_be_bytes(*producer_id),
        first_offset: Offset::new(i64::from_be_bytes(*first_offset)),
        last_offset: Offset::new(i64::from_be_bytes(*last_offset)),
    })
}
