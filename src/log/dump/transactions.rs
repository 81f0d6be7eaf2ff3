//! `.txnindex` files: `version i16 = 0, producer id i64, first offset i64, last offset i64, last stable offset i64`, one
//! entry for each aborted transaction.

use super::error::{Error, Result};
use crate::disk::{File, Mode};
use crate::types::{Offset, Reader};
use std::path::Path;

const ENTRY_SIZE: usize = 34;

/// A transaction that was aborted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AbortedTransaction {
    pub(crate) version: i16,
    pub(crate) producer_id: i64,
    pub(crate) first_offset: Offset,
    /// That of the ABORT marker.
    pub(crate) last_offset: Offset,
    pub(crate) last_stable_offset: Offset,
}

/// The entries of a `.txnindex`; a part of an entry at the end is left out.
pub(crate) fn read_aborted(path: &Path) -> Result<Vec<AbortedTransaction>> {
    let bytes = File::open(path, Mode::Read)?.read_all()?;
    let entries: Vec<_> = bytes.chunks_exact(ENTRY_SIZE).filter_map(parse).collect();
    match entries.iter().find(|entry| entry.version > 0) {
        Some(entry) => Err(Error::TransactionVersion { path: path.to_owned(), version: entry.version }),
        None => Ok(entries),
    }
}

fn parse(entry: &[u8]) -> Option<AbortedTransaction> {
    let mut fields = Reader::new(entry);
    Some(AbortedTransaction {
        version: fields.i16().ok()?,
        producer_id: fields.i64().ok()?,
        first_offset: Offset::new(fields.i64().ok()?),
        last_offset: Offset::new(fields.i64().ok()?),
        last_stable_offset: Offset::new(fields.i64().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_its_fields_in_order() {
        let mut bytes = vec![0, 0];
        for field in [7i64, 10, 20, 21] {
            bytes.extend_from_slice(&field.to_be_bytes());
        }
        assert_eq!(bytes.len(), ENTRY_SIZE);
        let entry = parse(&bytes).unwrap();
        assert_eq!((entry.producer_id, entry.last_offset), (7, Offset::new(20)));
        assert_eq!((entry.first_offset, entry.last_stable_offset), (Offset::new(10), Offset::new(21)));
        assert!(parse(&bytes[..33]).is_none());
    }
}
