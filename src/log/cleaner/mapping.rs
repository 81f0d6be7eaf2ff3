//! The first half of a pass: the dirty part of the log is read, and the newest offset of each of its keys noted.

use super::offset_map::OffsetMap;
use super::source::Source;
use super::transactions::CleanedTransactions;
use crate::log::names::segments;
use crate::log::{Result, aborted_since, headers};
use crate::record::BatchReader;
use crate::types::Offset;
use std::ops::ControlFlow;
use std::path::Path;

/// What was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) bytes: u64,
    pub(super) records: u64,
}

/// Notes the keys from `first_dirty` up to `end`, where a segment begins, or as many of them as `map` takes: its end tells.
/// `None` if `go_on` has said no.
pub(super) fn map_keys(
    dir: &Path,
    (first_dirty, end): (Offset, Offset),
    map: &mut OffsetMap,
    buffer: &mut Vec<u8>,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Option<Read>> {
    let mut read = Read::default();
    let mut reader = BatchReader::default();
    let mut transactions = CleanedTransactions::new(aborted_since(dir, first_dirty)?);
    let bases = segments(dir)?;
    let first = bases.iter().rposition(|&base| base <= first_dirty).unwrap_or(0);
    for (at, &base) in bases.iter().enumerate().skip(first).take_while(|&(_, &base)| base < end) {
        let mut source = Source::open(dir, base, bases.get(at + 1).copied().unwrap_or(end))?;
        if base < first_dirty {
            let position = headers::start(dir, base, first_dirty, source.log())?;
            source.seek(position);
        }
        while let Some((header, batch)) = source.next(buffer)? {
            read.bytes += batch.len() as u64;
            // The index leads to a place some batches before.
            if header.last_offset() < first_dirty {
                continue;
            }
            if header.is_control() {
                transactions.on_control(&header, batch)?;
                continue;
            }
            if transactions.on_records(&header) {
                continue;
            }
            let offsets = header.last_offset().since(header.base_offset()).saturating_add(1);
            let count = if header.is_legacy() {
                legacy_count(&mut reader, batch)?
            } else {
                usize::try_from(offsets.min(header.record_count().into())).unwrap_or(0)
            };
            if !map.has_room(count) {
                if !map.is_empty() {
                    return Ok(Some(read));
                }
                map.grow(count);
            }
            let _ = reader.for_each_of(&header, batch, |record| {
                if let Some(key) = record.key.filter(|_| record.offset >= first_dirty) {
                    map.put(key, record.offset);
                }
                read.records += 1;
                ControlFlow::Continue(())
            })?;
            map.set_end(header.last_offset().next());
        }
        if !go_on() {
            return Ok(None);
        }
    }
    map.set_end(end);
    Ok(Some(read))
}

/// How many records a message set of an old format holds.
fn legacy_count(reader: &mut BatchReader, batch: &[u8]) -> Result<usize> {
    let mut count = 0;
    let _ = reader.for_each(batch, |_| {
        count += 1;
        ControlFlow::Continue(())
    })?;
    Ok(count)
}
