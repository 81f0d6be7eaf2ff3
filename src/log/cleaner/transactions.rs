//! `CleanedTransactions`: what a cleaner knows of transactions at the place where it is: which records were aborted, and which
//! markers nobody needs any more. Source: Kafka's `CleanedTransactionMetadata`.

use crate::log::{AbortedTransaction, Result, control_record};
use crate::record::{BatchHeader, ControlRecord, EndTxn};
use crate::types::Offset;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Follows a log from its beginning, or from a place before which every transaction that matters has begun.
#[derive(Debug, Default)]
pub(super) struct CleanedTransactions {
    /// Those that are still to come, by first offset.
    aborted: VecDeque<AbortedTransaction>,
    /// Aborted ones at this place by producer, and whether a batch of theirs is still in the log.
    aborting: BTreeMap<i64, (AbortedTransaction, bool)>,
    /// Producers with batches that are to be committed.
    committing: BTreeSet<i64>,
}

/// What is to be done about a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    /// Nothing of its transaction is left: it may go when its time has come.
    Discardable,
    /// It ends something that is still there.
    Needed,
    /// The same, and readers must be told of the abort.
    NeededAbort(AbortedTransaction),
}

impl CleanedTransactions {
    /// `aborted` are all that may end where this is going to pass, in any order.
    pub(super) fn new(mut aborted: Vec<AbortedTransaction>) -> CleanedTransactions {
        aborted.sort_by_key(|entry| entry.first_offset);
        CleanedTransactions { aborted: aborted.into(), ..CleanedTransactions::default() }
    }

    /// Takes a batch of records into account; says whether they were aborted.
    pub(super) fn on_records(&mut self, header: &BatchHeader) -> bool {
        self.advance(header.last_offset());
        if !header.is_transactional() {
            return false;
        }
        if let Some((_, is_left)) = self.aborting.get_mut(&header.producer_id()) {
            *is_left = true;
            return true;
        }
        self.committing.insert(header.producer_id());
        false
    }

    /// Takes a control batch into account.
    pub(super) fn on_control(&mut self, header: &BatchHeader, batch: &[u8]) -> Result<Marker> {
        self.advance(header.last_offset());
        let outcome = match control_record(batch)? {
            // It was emptied by an earlier pass.
            None => return Ok(Marker::Discardable),
            Some(ControlRecord::EndTxn { outcome, .. }) => outcome,
            Some(_) => return Ok(Marker::Needed),
        };
        let producer_id = header.producer_id();
        Ok(match outcome {
            EndTxn::Abort => match self.aborting.remove(&producer_id) {
                Some((entry, true)) => Marker::NeededAbort(entry),
                _ => Marker::Discardable,
            },
            EndTxn::Commit if self.committing.remove(&producer_id) => Marker::Needed,
            EndTxn::Commit => Marker::Discardable,
        })
    }

    fn advance(&mut self, offset: Offset) {
        while let Some(entry) = self.aborted.front().copied().filter(|entry| entry.first_offset <= offset) {
            self.aborted.pop_front();
            self.aborting.entry(entry.producer_id).or_insert((entry, false));
        }
    }
}
