//! What a log knows of its producers: the newest sequences, by which a batch that comes twice or out of turn is told
//! from the next one, and the first offsets of open transactions. Pure; `producer_snapshot` keeps it in files.
//! Source: KIP-98, KIP-360, KIP-890.

use super::{Error, Result};
use crate::record::{BatchHeader, BatchReader, ControlRecord};
use crate::types::{Offset, TimestampMs};
use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;

/// So many of a producer's newest batches are told when they come again.
const BATCHES_KEPT: usize = 5;

/// A batch that a producer appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProducerBatch {
    pub(crate) last_sequence: i32,
    pub(crate) last_offset: Offset,
    /// Last offset less first one.
    pub(crate) offset_delta: i32,
}

impl ProducerBatch {
    fn first_sequence(&self) -> i32 {
        // Sequences go round from 2^31-1 to 0.
        self.last_sequence.wrapping_sub(self.offset_delta) & i32::MAX
    }
}

/// What is kept of one producer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProducerEntry {
    pub(crate) epoch: i16,
    /// The newest batches of this epoch, in order; the last one alone outlives a snapshot.
    pub(super) batches: VecDeque<ProducerBatch>,
    pub(crate) timestamp: TimestampMs,
    /// The coordinator's epoch in the newest marker; -1 before the first.
    pub(crate) coordinator_epoch: i32,
    /// The first offset of the transaction that is open.
    pub(crate) transaction_start: Option<Offset>,
}

impl ProducerEntry {
    /// The sequence of the newest record of this epoch; -1 if there is none.
    pub(crate) fn last_sequence(&self) -> i32 {
        self.batches.back().map_or(-1, |batch| batch.last_sequence)
    }
}

/// The producers of a log by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProducerStates {
    pub(super) entries: BTreeMap<i64, ProducerEntry>,
}

impl ProducerEntry {
    /// The last offset of the newest batch of this epoch, if there is one.
    pub(crate) fn last_data_offset(&self) -> Option<Offset> {
        self.batches.back().map(|batch| batch.last_offset)
    }
}

impl ProducerStates {
    /// The producers with their ids, by id.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (i64, &ProducerEntry)> {
        self.entries.iter().map(|(&id, entry)| (id, entry))
    }

    /// The first offset that is not decided yet: the oldest open transaction's first, or `high_watermark`.
    pub(crate) fn last_stable_offset(&self, high_watermark: Offset) -> Offset {
        let open = self.entries.values().filter_map(|entry| entry.transaction_start).min();
        open.map_or(high_watermark, |first| first.min(high_watermark))
    }

    /// The first offset of the transaction that a producer has open.
    pub(crate) fn open_transaction(&self, producer_id: i64) -> Option<Offset> {
        self.entries.get(&producer_id).and_then(|entry| entry.transaction_start)
    }

    /// The first offset that would not be decided if this producer's transaction were; `end` if there is none.
    pub(crate) fn stable_without(&self, producer_id: i64, end: Offset) -> Offset {
        let others = self.entries.iter().filter(|&(&id, _)| id != producer_id);
        others.filter_map(|(_, entry)| entry.transaction_start).min().unwrap_or(end)
    }

    /// Whether a batch may be appended next: `Some` is the last offset of the same batch, which is in the log already.
    /// Of a producer that the log does not know, any sequence is taken: what it had written may have been deleted.
    pub(crate) fn check(&self, header: &BatchHeader) -> Result<Option<Offset>> {
        let (producer_id, found) = (header.producer_id(), header.base_sequence());
        let Some(entry) = self.entries.get(&producer_id).filter(|_| header.magic() >= 2) else {
            return Ok(None);
        };
        let (epoch, newest) = (header.producer_epoch(), entry.epoch);
        if epoch < newest {
            return Err(Error::ProducerEpoch { producer_id, epoch, newest });
        }
        let expected = if epoch > newest {
            0
        } else {
            let last = header.last_sequence();
            let same =
                |batch: &&ProducerBatch| (batch.first_sequence(), batch.last_sequence) == (found, last);
            if let Some(batch) = entry.batches.iter().find(same) {
                return Ok(Some(batch.last_offset));
            }
            // After a marker, which takes no sequence, the producer begins anew: -1 becomes 0.
            entry.last_sequence().wrapping_add(1) & i32::MAX
        };
        if found == expected { Ok(None) } else { Err(Error::Sequence { producer_id, found, expected }) }
    }

    /// Takes a batch into account.
    pub(crate) fn observe(&mut self, header: &BatchHeader, batch: &[u8]) -> Result<()> {
        if header.magic() < 2 || header.producer_id() < 0 {
            return Ok(());
        }
        let entry = self.entries.entry(header.producer_id()).or_insert_with(|| ProducerEntry {
            epoch: header.producer_epoch(),
            batches: VecDeque::new(),
            timestamp: header.max_timestamp(),
            coordinator_epoch: -1,
            transaction_start: None,
        });
        if entry.epoch != header.producer_epoch() {
            entry.epoch = header.producer_epoch();
            entry.batches.clear();
        }
        entry.timestamp = header.max_timestamp();
        if header.is_control() {
            if let Some(ControlRecord::EndTxn { coordinator_epoch, .. }) = control_record(batch)? {
                entry.coordinator_epoch = coordinator_epoch;
                entry.transaction_start = None;
            }
            return Ok(());
        }
        if entry.batches.len() == BATCHES_KEPT {
            entry.batches.pop_front();
        }
        entry.batches.push_back(ProducerBatch {
            last_sequence: header.last_sequence(),
            last_offset: header.last_offset(),
            offset_delta: i32::try_from(header.last_offset().since(header.base_offset())).unwrap_or(0),
        });
        if header.is_transactional() && entry.transaction_start.is_none() {
            entry.transaction_start = Some(header.base_offset());
        }
        Ok(())
    }
}

/// What a control batch says; `None` for one without a record.
pub(crate) fn control_record(batch: &[u8]) -> Result<Option<ControlRecord>> {
    let mut decoded = None;
    let _ = BatchReader::default().for_each(batch, |record| {
        decoded = Some(ControlRecord::decode(record.key, record.value));
        ControlFlow::Break(())
    })?;
    Ok(decoded.transpose()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{BatchBuilder, Compression, EndTxn, ProducerStamp, end_txn_batch, stamp};
    use crate::types::LeaderEpoch;

    /// A log of one producer, 7, as far as its producers' state goes.
    #[derive(Default)]
    struct Log {
        states: ProducerStates,
        end: i64,
    }

    impl Log {
        /// A batch of `count` records.
        fn batch(epoch: i16, base_sequence: i32, count: usize) -> Vec<u8> {
            let mut builder = BatchBuilder::new(Compression::None);
            for _ in 0..count {
                builder.append(TimestampMs(5), None, Some(b"v"), &[]);
            }
            let stamp = ProducerStamp { producer_id: 7, epoch, base_sequence, transactional: true };
            builder.finish(&stamp).unwrap().to_vec()
        }

        fn append(&mut self, mut batch: Vec<u8>) -> Result<Option<i64>> {
            stamp(&mut batch, Offset::new(self.end), LeaderEpoch(0));
            let header = BatchHeader::parse(&batch).unwrap();
            if !header.is_control()
                && let Some(known) = self.states.check(&header)?
            {
                return Ok(Some(known.get()));
            }
            self.states.observe(&header, &batch)?;
            self.end = header.last_offset().next().get();
            Ok(None)
        }

        fn entry(&self) -> &ProducerEntry {
            self.states.entries.get(&7).unwrap()
        }
    }

    fn is_sequence(result: Result<Option<i64>>, expected: i32) -> bool {
        matches!(result, Err(Error::Sequence { expected: wanted, .. }) if wanted == expected)
    }

    #[test]
    fn a_batch_that_comes_again_is_answered_with_its_offset_and_the_sixth_last_refused() {
        let mut log = Log::default();
        for number in 0..6 {
            assert_eq!(log.append(Log::batch(0, number * 2, 2)).unwrap(), None);
        }
        for number in 1..6 {
            let again = log.append(Log::batch(0, number * 2, 2)).unwrap();
            assert_eq!(again, Some(i64::from(number) * 2 + 1));
        }
        assert!(is_sequence(log.append(Log::batch(0, 0, 2)), 12), "no longer known");
        assert!(is_sequence(log.append(Log::batch(0, 10, 1)), 12), "another batch with a known sequence");
        assert!(is_sequence(log.append(Log::batch(0, 13, 1)), 12), "a gap");
        assert_eq!((log.append(Log::batch(0, 12, 1)).unwrap(), log.end), (None, 13));
    }

    #[test]
    fn a_new_epoch_begins_at_0_and_ends_the_old_one() {
        let mut log = Log::default();
        log.append(Log::batch(3, 40, 1)).unwrap();
        assert!(is_sequence(log.append(Log::batch(4, 41, 1)), 0));
        log.append(Log::batch(4, 0, 1)).unwrap();
        let stale = log.append(Log::batch(3, 41, 1));
        assert!(matches!(stale, Err(Error::ProducerEpoch { epoch: 3, newest: 4, .. })));
    }

    #[test]
    fn a_marker_ends_the_transaction_and_with_its_raised_epoch_the_sequences() {
        let mut log = Log::default();
        log.append(Log::batch(0, 0, 3)).unwrap();
        assert_eq!(log.states.open_transaction(7), Some(Offset::ZERO));
        log.append(end_txn_batch(EndTxn::Commit, 7, 1, 4, TimestampMs(9)).unwrap()).unwrap();
        let entry = log.entry();
        assert_eq!((entry.epoch, entry.last_sequence(), entry.coordinator_epoch), (1, -1, 4));
        assert_eq!((entry.transaction_start, entry.timestamp), (None, TimestampMs(9)));
        assert!(log.append(Log::batch(0, 3, 1)).is_err());
        assert!(is_sequence(log.append(Log::batch(1, 3, 1)), 0));
        log.append(Log::batch(1, 0, 1)).unwrap();
    }

    #[test]
    fn sequences_go_round() {
        let mut log = Log::default();
        log.append(Log::batch(0, i32::MAX - 1, 3)).unwrap();
        assert_eq!(log.entry().last_sequence(), 0);
        assert_eq!(log.append(Log::batch(0, i32::MAX - 1, 3)).unwrap(), Some(2));
        assert_eq!(log.append(Log::batch(0, 1, 1)).unwrap(), None);
    }
}
