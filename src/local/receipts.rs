//! `Receipts`: where each record of a producer went, for callers that want to know it of every single one.
//!
//! A record is followed from its batch to the log by its number. It counts as stored once its partition's end is
//! published behind it, which happens after the sync that `acks` asks for.

use super::partition::Partition;
use crate::client::{self, Receipt};
use crate::types::{Offset, PartitionId};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The records of a producer that are on their way.
#[derive(Default)]
pub(super) struct Receipts {
    /// How often `send` was called.
    sent: u64,
    /// The numbers of the records in each batch that is being built, by the places of its topic and partition.
    building: BTreeMap<(usize, usize), Vec<u64>>,
    /// Batches that were written and are not published yet.
    written: Vec<Written>,
    done: Vec<Receipt>,
}

/// The place of a batch in its log.
pub(super) struct Place {
    pub(super) partition: Arc<Mutex<Partition>>,
    pub(super) id: PartitionId,
    /// Behind the batch's last record.
    pub(super) end: Offset,
}

struct Written {
    place: Place,
    numbers: Vec<u64>,
}

impl Receipts {
    /// Numbers a call of `send`.
    pub(super) fn number(&mut self) -> u64 {
        let number = self.sent;
        self.sent += 1;
        number
    }

    /// The record of this number is in the batch of a partition.
    pub(super) fn added(&mut self, topic: usize, partition: usize, number: u64) {
        self.building.entry((topic, partition)).or_default().push(number);
    }

    /// The batch of a partition was written.
    pub(super) fn wrote(&mut self, topic: usize, partition: usize, place: Place) {
        if let Some(numbers) = self.building.remove(&(topic, partition)) {
            self.written.push(Written { place, numbers });
        }
    }

    /// The batch of a partition was dropped.
    pub(super) fn dropped(&mut self, topic: usize, partition: usize, why: &client::Error) {
        let numbers = self.building.remove(&(topic, partition)).unwrap_or_default();
        self.done.extend(failed(numbers, why));
    }

    /// The call of `send` with this number has failed, which says all of its record.
    pub(super) fn refused(&mut self, number: u64) {
        self.done.retain(|receipt| receipt.number != number);
    }

    /// Nothing is written any more of the batches that are being built.
    pub(super) fn discard(&mut self) {
        self.building.clear();
    }

    /// Adds the receipts that are due to `receipts`.
    pub(super) fn take(&mut self, receipts: &mut Vec<Receipt>) {
        let mut waiting = Vec::new();
        for batch in std::mem::take(&mut self.written) {
            let mut partition = batch.place.partition.lock().unwrap_or_else(PoisonError::into_inner);
            let high_watermark = partition.high_watermark();
            drop(partition);
            match high_watermark {
                Ok(offset) if offset >= batch.place.end => self.done.extend(batch.stored()),
                Ok(_) => waiting.push(batch),
                // The topic was deleted, say.
                Err(error) => self.done.extend(failed(batch.numbers, &error.into())),
            }
        }
        self.written = waiting;
        self.done.sort_by_key(|receipt| receipt.number);
        receipts.append(&mut self.done);
    }
}

fn failed(numbers: Vec<u64>, why: &client::Error) -> impl Iterator<Item = Receipt> {
    let receipt =
        |number| Receipt { number, outcome: Err(client::Error::new(why.code, why.message.clone())) };
    numbers.into_iter().map(receipt)
}

impl Written {
    /// One for each record: a batch's offsets follow one another.
    fn stored(&self) -> impl Iterator<Item = Receipt> {
        let count = i64::try_from(self.numbers.len()).unwrap_or(i64::MAX);
        let base = self.place.end.plus(-count);
        self.numbers
            .iter()
            .zip(0..)
            .map(move |(&number, delta)| Receipt { number, outcome: Ok((self.place.id, base.plus(delta))) })
    }
}
