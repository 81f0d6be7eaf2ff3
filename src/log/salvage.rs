//! Finding sound batches behind damage: byte by byte, until something is a batch in every respect.

use super::{Gaps, LogReader, Result, segments};
use crate::disk::File;
use crate::record::{self, BatchHeader, HEADER_SIZE};
use crate::types::Offset;
use std::path::Path;

/// Bytes looked through at a time.
const WINDOW_BYTES: usize = 256 * 1024;
/// Where a batch's magic stands.
const MAGIC_AT: usize = 16;
const MAGIC: u8 = 2;

/// The first batch of format v2 at or behind byte `from`, before byte `end`, that agrees with its checksum and whose
/// offsets lie from `first` to below `limit`. Chance makes one out of other bytes once in four billion tries.
pub(crate) fn next_sound(
    log: &File,
    from: u64,
    end: u64,
    first: Offset,
    limit: Offset,
) -> Result<Option<(u64, BatchHeader)>> {
    let mut window = vec![0; WINDOW_BYTES];
    let mut batch = Vec::new();
    let mut start = from;
    while start.saturating_add(HEADER_SIZE as u64) <= end {
        let filled = log.read_at(&mut window, start)?;
        let bytes = window.get(..filled).unwrap_or_default();
        for (at, head) in bytes.windows(HEADER_SIZE).enumerate() {
            if head.get(MAGIC_AT) != Some(&MAGIC) {
                continue;
            }
            let position = start + at as u64;
            let Ok(header) = BatchHeader::parse(head) else { continue };
            let (base, last) = (header.base_offset(), header.last_offset());
            if base < first || last < base || last >= limit {
                continue;
            }
            if position.saturating_add(header.size_bytes() as u64) > end {
                continue;
            }
            batch.resize(header.size_bytes(), 0);
            if log.read_at(&mut batch, position)? == batch.len() && record::verify_crc(&batch).is_ok() {
                return Ok(Some((position, header)));
            }
        }
        if filled < window.len() {
            break;
        }
        // The last bytes may be the beginning of a head.
        start += (filled - (HEADER_SIZE - 1)) as u64;
    }
    Ok(None)
}

/// Whether a sound batch lies right behind the one at `position` and goes on with the offset after its last.
pub(super) fn is_followed(log: &File, position: u64, header: &BatchHeader, end: u64) -> Result<bool> {
    let (next, after) = (position + header.size_bytes() as u64, header.last_offset().next());
    let mut head = [0; HEADER_SIZE];
    if log.read_at(&mut head, next)? < head.len() {
        return Ok(false);
    }
    let Ok(follower) = BatchHeader::parse(&head) else { return Ok(false) };
    let mut batch =
        vec![0; follower.size_bytes().min(usize::try_from(end.saturating_sub(next)).unwrap_or(0))];
    let whole = log.read_at(&mut batch, next)? == follower.size_bytes();
    Ok(whole && follower.base_offset() == after && record::verify_crc(&batch).is_ok())
}

/// The offset behind the last sound batch of the log in `dir`, whatever lies before it.
pub(crate) fn readable_end(dir: &Path) -> Result<Offset> {
    let Some(&last) = segments(dir)?.last() else { return Ok(Offset::ZERO) };
    let mut reader = LogReader::open(dir, last, Gaps::Compacted)?;
    let mut buffer = vec![0; WINDOW_BYTES];
    loop {
        // At the end of the last file it finds that no other follows.
        if reader.read(&mut buffer, Offset::MAX).is_err() && reader.skip_damage()?.is_none() {
            return Ok(reader.next());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::Mode;
    use crate::record::{BatchBuilder, Compression, ProducerStamp, stamp};
    use crate::types::{LeaderEpoch, TimestampMs};

    #[test]
    fn a_batch_is_found_behind_anything() {
        let mut builder = BatchBuilder::new(Compression::None);
        builder.append(TimestampMs(7), None, Some(b"value"), &[]);
        let mut batch = builder.finish(&ProducerStamp::NONE).unwrap().to_vec();
        stamp(&mut batch, Offset::new(9), LeaderEpoch(0));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        for before in [0, 1, 60, WINDOW_BYTES - 30, WINDOW_BYTES, 2 * WINDOW_BYTES + 7] {
            let mut bytes = vec![2; before];
            bytes.extend_from_slice(&batch);
            std::fs::write(&path, &bytes).unwrap();
            let file = File::open(&path, Mode::Read).unwrap();
            let find = |first, limit| {
                next_sound(&file, 0, bytes.len() as u64, Offset::new(first), Offset::new(limit)).unwrap()
            };
            assert_eq!(
                find(0, 100).map(|(at, header)| (at, header.base_offset())),
                Some((before as u64, Offset::new(9)))
            );
            assert!(find(10, 100).is_none() && find(0, 9).is_none());
            let cut = next_sound(&file, 0, bytes.len() as u64 - 1, Offset::ZERO, Offset::new(100));
            assert!(cut.unwrap().is_none());
        }
    }
}
