//! The `.txnindex` files: which transactions of a log were aborted.
//!
//! 34-byte entries: version i16 = 0, producer id i64, first offset i64, last offset i64 (the ABORT marker's own), last
//! stable offset i64. An entry stands in the segment that holds the marker; a segment without aborts has no file.

use super::names::{FileKind, segment_file, with_kind};
use super::succession::ATTEMPTS;
use super::{Result, segments};
use crate::disk::{self, File, Mode};
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
    /// The first offset that was still undecided when the marker was written.
    pub(crate) last_stable_offset: Offset,
}

/// The aborted transactions of the log that end at or after `from`, in order of their markers.
pub(crate) fn aborted_since(dir: &Path, from: Offset) -> Result<Vec<AbortedTransaction>> {
    let mut attempts = 0;
    loop {
        match try_aborted_since(dir, from) {
            // Merged into the index of an earlier segment, which may have been read before.
            Err(e) if e.is_not_found() && attempts < ATTEMPTS && dir.is_dir() => attempts += 1,
            other => return other,
        }
    }
}

fn try_aborted_since(dir: &Path, from: Offset) -> Result<Vec<AbortedTransaction>> {
    let holding = segments(dir)?.into_iter().rev().find(|&base| base <= from).unwrap_or(Offset::ZERO);
    let mut aborted: Vec<AbortedTransaction> = Vec::new();
    for base in with_kind(dir, FileKind::TransactionIndex)?.into_iter().filter(|&base| base >= holding) {
        let bytes =
            File::open(&segment_file(dir, base, FileKind::TransactionIndex), Mode::Read)?.read_all()?;
        // What has been merged into an earlier index may be there for a moment still.
        let known = aborted.last().map(|last| last.last_offset);
        let entries = bytes.chunks_exact(ENTRY_BYTES).filter_map(decode);
        aborted.extend(entries.filter(|entry| entry.last_offset >= from && Some(entry.last_offset) > known));
    }
    Ok(aborted)
}

/// Adds an entry to the index of the segment at `base`, durably, before its marker is written: the other way round a
/// crash would leave an aborted transaction that looks committed. An entry whose marker a crash kept out of the log is
/// replaced, since that offset is free still; until then it does no harm, as its transaction is to be aborted anyway.
pub(super) fn add(dir: &Path, base: Offset, aborted: &AbortedTransaction) -> Result<()> {
    let path = segment_file(dir, base, FileKind::TransactionIndex);
    let is_new = !path.exists();
    let file = File::open(&path, Mode::Create)?;
    let bytes = file.read_all()?;
    let written = |entry: &&[u8]| decode(entry).is_some_and(|known| known.last_offset < aborted.last_offset);
    let kept = bytes.chunks_exact(ENTRY_BYTES).take_while(written).count();
    let position = (kept * ENTRY_BYTES) as u64;
    file.write_at(&encode(aborted), position)?;
    file.set_len(position + ENTRY_BYTES as u64)?;
    file.sync_data()?;
    if is_new {
        disk::sync_path(dir)?;
    }
    Ok(())
}

/// The entries of a whole file; `None` if it is none.
pub(super) fn decode_all(bytes: &[u8]) -> Option<Vec<AbortedTransaction>> {
    let whole = bytes.len().is_multiple_of(ENTRY_BYTES);
    let entries = whole.then(|| bytes.chunks_exact(ENTRY_BYTES).map(decode))?;
    entries.collect()
}

/// The bytes of a file with these entries.
pub(super) fn encode_all(entries: &[AbortedTransaction]) -> Vec<u8> {
    entries.iter().flat_map(encode).collect()
}

pub(super) fn encode(aborted: &AbortedTransaction) -> Vec<u8> {
    let mut entry = Vec::with_capacity(ENTRY_BYTES);
    entry.extend_from_slice(&0_i16.to_be_bytes());
    entry.extend_from_slice(&aborted.producer_id.to_be_bytes());
    for offset in [aborted.first_offset, aborted.last_offset, aborted.last_stable_offset] {
        entry.extend_from_slice(&offset.get().to_be_bytes());
    }
    entry
}

fn decode(entry: &[u8]) -> Option<AbortedTransaction> {
    let (version, rest) = entry.split_first_chunk::<2>()?;
    let (producer_id, rest) = rest.split_first_chunk::<8>()?;
    let (first_offset, rest) = rest.split_first_chunk::<8>()?;
    let (last_offset, rest) = rest.split_first_chunk::<8>()?;
    let last_stable_offset = rest.first_chunk::<8>()?;
    (i16::from_be_bytes(*version) == 0).then(|| AbortedTransaction {
        producer_id: i64::from_be_bytes(*producer_id),
        first_offset: Offset::new(i64::from_be_bytes(*first_offset)),
        last_offset: Offset::new(i64::from_be_bytes(*last_offset)),
        last_stable_offset: Offset::new(i64::from_be_bytes(*last_stable_offset)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aborted(producer_id: i64, last: i64) -> AbortedTransaction {
        AbortedTransaction {
            producer_id,
            first_offset: Offset::new(last - 2),
            last_offset: Offset::new(last),
            last_stable_offset: Offset::new(last + 1),
        }
    }

    #[test]
    fn entries_go_round_and_one_without_its_marker_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        super::super::create(dir.path(), Offset::ZERO).unwrap();
        let all = || aborted_since(dir.path(), Offset::ZERO).unwrap();
        assert_eq!(all(), []);
        add(dir.path(), Offset::ZERO, &aborted(1, 5)).unwrap();
        add(dir.path(), Offset::ZERO, &aborted(2, 9)).unwrap();
        assert_eq!(all(), [aborted(1, 5), aborted(2, 9)]);
        add(dir.path(), Offset::ZERO, &aborted(3, 9)).unwrap();
        assert_eq!(all(), [aborted(1, 5), aborted(3, 9)]);
        assert_eq!(aborted_since(dir.path(), Offset::new(6)).unwrap(), [aborted(3, 9)]);
        let entry = encode(&aborted(1, 5));
        assert_eq!(entry.len(), ENTRY_BYTES);
        for end in 0..entry.len() {
            assert_eq!(decode(&entry[..end]), None, "{end}");
        }
    }
}
