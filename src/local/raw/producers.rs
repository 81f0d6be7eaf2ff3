//! `Producers`: what a partition's log knows of its producers, kept up to date in memory.
//!
//! The first look loads the newest snapshot and the batches since; every further one reads only what others have appended
//! in between, and what this process appends is taken in as it is written.
//! Source: KIP-98, KIP-360; `log::ProducerStates` has the rules for sequences.

use super::refusal::Refusal;
use crate::local::error::Result;
use crate::log::{self, AbortedTransaction, BatchHeader, ProducerStates};
use crate::types::{ErrorCode, Offset};
use std::path::Path;
use std::sync::Arc;

#[derive(Debug, Default)]
pub(super) struct Producers {
    states: ProducerStates,
    /// Up to where the log has been looked at; `None` before the first look.
    end: Option<Offset>,
    /// The first offset of the oldest open transaction.
    first_open: Option<Offset>,
    /// Every aborted transaction in the log's index, as of the newest marker.
    aborted: Option<Arc<[AbortedTransaction]>>,
}

impl Producers {
    /// Whether everything up to `end` has been looked at.
    pub(super) fn is_at(&self, end: Offset) -> bool {
        self.end == Some(end)
    }

    /// Takes in everything below `end`, the log's end, which the caller keeps from moving by the partition's lock.
    pub(super) fn catch_up(&mut self, dir: &Path, end: Offset) -> Result<()> {
        if self.end.is_some_and(|known| known > end) {
            // The log was cut: what had been appended last was never whole.
            *self = Producers::default();
        }
        self.reach(dir, end)
    }

    /// Takes in at least everything below `limit`, which is published.
    pub(super) fn reach(&mut self, dir: &Path, limit: Offset) -> Result<()> {
        match self.end {
            Some(known) if known >= limit => return Ok(()),
            Some(known) => {
                let mut fresh = Vec::new();
                let outcome = log::each_of_producers(dir, known, limit, |header, batch| {
                    if header.base_offset() >= known {
                        self.states.observe(header, batch)?;
                        fresh.push(*header);
                    }
                    Ok(())
                });
                if let Err(e) = outcome {
                    *self = Producers::default();
                    return Err(e.into());
                }
                fresh.iter().for_each(|header| self.note(header));
            }
            None => {
                self.states = ProducerStates::load(dir, Offset::ZERO, limit)?;
                self.first_open = self.oldest_open();
                self.aborted = None;
            }
        }
        self.end = Some(limit);
        Ok(())
    }

    /// Takes in a producer's batch that was just appended at the end; `header` has its offsets.
    pub(super) fn appended(&mut self, header: &BatchHeader) {
        if self.end != Some(header.base_offset()) {
            self.end = None;
            return;
        }
        // Markers alone are looked into, and clients write none.
        if self.states.observe(header, &[]).is_err() {
            self.end = None;
            return;
        }
        self.note(header);
        self.end = Some(header.last_offset().next());
    }

    /// Forgets everything: what the log holds is in doubt.
    pub(super) fn forget(&mut self) {
        *self = Producers::default();
    }

    fn note(&mut self, header: &BatchHeader) {
        if header.is_control() {
            self.first_open = self.oldest_open();
            self.aborted = None;
        } else if header.is_transactional()
            && let Some(first) = self.states.open_transaction(header.producer_id())
        {
            self.first_open = Some(self.first_open.map_or(first, |known| known.min(first)));
        }
    }

    fn oldest_open(&self) -> Option<Offset> {
        self.states.iter().filter_map(|(_, entry)| entry.transaction_start).min()
    }

    /// The states as of `end`, if it is that to which they are known.
    pub(super) fn at(&self, end: Offset) -> Option<&ProducerStates> {
        Some(&self.states).filter(|_| self.end == Some(end))
    }

    /// Whether a batch may be appended next: `Some` is the last offset of the same batch, which is in the log already.
    pub(super) fn check(&self, header: &BatchHeader) -> std::result::Result<Option<Offset>, Refusal> {
        if header.producer_id() < 0 {
            return Ok(None);
        }
        let known = self.states.check(header)?;
        if known.is_none()
            && !header.is_transactional()
            && self.states.open_transaction(header.producer_id()).is_some()
        {
            let message =
                format!("Expected transactional write from producer with ID {}.", header.producer_id());
            return Err(Refusal::new(ErrorCode::InvalidTxnState, message));
        }
        Ok(known)
    }

    /// The first offset that is not decided yet.
    pub(super) fn last_stable_offset(&self, high_watermark: Offset) -> Offset {
        self.first_open.map_or(high_watermark, |first| first.min(high_watermark))
    }

    /// The aborted transactions that have records from `from` on and below `end`.
    pub(super) fn aborted(
        &mut self,
        dir: &Path,
        from: Offset,
        end: Offset,
    ) -> Result<Vec<AbortedTransaction>> {
        let aborted = match &self.aborted {
            Some(known) => Arc::clone(known),
            None => {
                let read: Arc<[_]> = log::aborted_since(dir, Offset::ZERO)?.into();
                Arc::clone(self.aborted.insert(read))
            }
        };
        // By their markers' offsets, ascending.
        let first = aborted.partition_point(|entry| entry.last_offset < from);
        let behind = aborted.get(first..).unwrap_or_default();
        Ok(behind.iter().filter(|entry| entry.first_offset < end).copied().collect())
    }
}
