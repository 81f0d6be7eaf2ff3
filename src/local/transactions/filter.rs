//! `CommittedFilter`: what a read_committed consumer may see of a partition.

use crate::local::error::Result;
use crate::log::{self, AbortedTransaction, BatchHeader, ProducerStates};
use crate::record::{ControlRecord, EndTxn};
use crate::types::Offset;
use std::collections::{BTreeSet, VecDeque};
use std::path::Path;

/// Follows the open and aborted transactions of a partition while it is read in order (KIP-98).
#[derive(Debug, Default)]
pub(in crate::local) struct CommittedFilter {
    /// The last stable offset as of this high watermark.
    stable: Option<(Offset, Offset)>,
    producers: ProducerStates,
    /// Aborted transactions that are still to come, by first offset.
    aborted: VecDeque<AbortedTransaction>,
    /// Up to which marker `aborted` has been read from the index.
    indexed: Option<Offset>,
    /// The producers whose records, at the place being read, belong to an aborted transaction.
    aborting: BTreeSet<i64>,
}

impl CommittedFilter {
    /// The offset up to which a reader at `position` may read: nothing behind an open transaction's first record.
    pub(in crate::local) fn limit(
        &mut self,
        dir: &Path,
        position: Offset,
        high_watermark: Offset,
    ) -> Result<Offset> {
        if let Some((known, stable)) = self.stable
            && known == high_watermark
        {
            return Ok(stable);
        }
        let from = match self.stable {
            Some((known, _)) => {
                log::each_of_producers(dir, known, high_watermark, |header, batch| {
                    if header.base_offset() >= known { self.producers.observe(header, batch) } else { Ok(()) }
                })?;
                self.indexed.map_or(position, Offset::next)
            }
            None => {
                self.producers = ProducerStates::load(dir, Offset::ZERO, high_watermark)?;
                position
            }
        };
        let stable = self.producers.last_stable_offset(high_watermark);
        self.stable = Some((high_watermark, stable));
        let mut fresh = log::aborted_since(dir, from)?;
        self.indexed = fresh.iter().map(|entry| entry.last_offset).max().or(self.indexed);
        fresh.extend(self.aborted.drain(..));
        fresh.sort_by_key(|entry| entry.first_offset);
        self.aborted = fresh.into();
        Ok(stable)
    }

    /// Whether the records of the next batch may be seen. Must be asked of every batch, in order.
    pub(in crate::local) fn admits(&mut self, header: &BatchHeader, batch: &[u8]) -> Result<bool> {
        while let Some(entry) =
            self.aborted.front().copied().filter(|e| e.first_offset <= header.last_offset())
        {
            self.aborted.pop_front();
            self.aborting.insert(entry.producer_id);
        }
        if header.is_control() {
            if let Some(ControlRecord::EndTxn { outcome: EndTxn::Abort, .. }) = log::control_record(batch)? {
                self.aborting.remove(&header.producer_id());
            }
            return Ok(false);
        }
        Ok(!(header.is_transactional() && self.aborting.contains(&header.producer_id())))
    }
}
