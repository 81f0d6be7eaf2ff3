//! What has come of records is stored, and with it the offsets that say that they are done: the part of the engine that
//! must get its order right. Nothing is committed before what came of it is on the disk.

use super::engine::{Engine, Sink};
use super::failing::{Failing, How};
use super::outgoing::is_about_record;
use super::transactions::Refused;
use super::window::{Product, Ticket};
use crate::client::{self, CommittedOffset, GroupMetadata};
use crate::types::{Offset, TopicPartition};
use std::collections::BTreeMap;
use std::time::Instant;

impl Engine {
    /// Sends what has come of the records at the front of each partition, in their order.
    pub(super) fn put_done(&mut self) {
        loop {
            let Sink::Outlets(outlets) = &mut self.sink else { return };
            let next = self.window.lanes().iter().find_map(|lane| {
                let (entry, product) = lane.done().next()?;
                Some((lane.partition.clone(), entry.ticket(), outlets.put(entry, product)))
            });
            match next {
                None => return,
                Some((partition, _, Ok(()))) => self.window.settle(&partition),
                Some((_, ticket, Err(error))) => {
                    self.refuse(ticket, &error);
                    if self.stop.is_some() {
                        return;
                    }
                }
            }
        }
    }

    /// What came of a record can't be stored.
    fn refuse(&mut self, ticket: Ticket, error: &client::Error) {
        let Some(entry) = self.window.entry(ticket) else { return };
        if is_about_record(error) && matches!(entry.product(), Some(Product::Output(_))) {
            let message = error.message.clone().into_bytes();
            self.give_up(ticket, Failing { how: How::Refused, message });
        } else {
            let why = format!("can't store what came of the record of {}: {error}", entry.record);
            self.fail(why);
        }
    }

    /// Returns when everything that was sent is on the disk; `false` if it is not.
    pub(super) fn flush(&mut self) -> bool {
        let Sink::Outlets(outlets) = &mut self.sink else { return true };
        match outlets.flush() {
            Ok(()) => true,
            Err(error) => {
                self.fail(format!("can't store what came of the records: {error}"));
                false
            }
        }
    }

    /// Of the consumer's `positions`, those that are news to the group, put back before what is not settled.
    pub(super) fn due_offsets(
        &self,
        positions: Vec<(TopicPartition, CommittedOffset)>,
    ) -> Vec<(TopicPartition, CommittedOffset)> {
        let settled = positions.into_iter().map(|(partition, position)| {
            let lane = self.window.lanes().iter().find(|lane| *lane.partition == partition);
            match lane.and_then(|lane| lane.front()) {
                Some(entry) => (partition, at(entry.record.offset)),
                None => (partition, position),
            }
        });
        // What was committed before it was handed over is not taken back.
        let is_news = |(partition, position): &(TopicPartition, CommittedOffset)| {
            self.committed.get(partition).is_none_or(|committed| *committed < position.offset)
        };
        settled.filter(is_news).collect()
    }

    /// The offsets behind these records, in each partition behind the last.
    pub(super) fn offsets_behind(&self, tickets: &[Ticket]) -> Vec<(TopicPartition, CommittedOffset)> {
        let mut behind: BTreeMap<&TopicPartition, Offset> = BTreeMap::new();
        for entry in tickets.iter().filter_map(|ticket| self.window.entry(*ticket)) {
            let next = entry.record.offset.next();
            let offset = behind.entry(&entry.record.partition).or_insert(next);
            *offset = next.max(*offset);
        }
        behind.into_iter().map(|(partition, offset)| (partition.clone(), at(offset))).collect()
    }

    /// Notes what has been committed.
    pub(super) fn note_committed(&mut self, offsets: &[(TopicPartition, CommittedOffset)]) {
        let offsets = offsets.iter().map(|(partition, position)| (partition.clone(), position.offset));
        self.committed.extend(offsets);
    }

    /// Commits the done records of every partition with what came of them, each in a transaction. `false` if the group
    /// has to be asked first what is still ours.
    pub(super) fn commit_transactions(
        &mut self,
        positions: &[(TopicPartition, CommittedOffset)],
        member: &GroupMetadata,
    ) -> bool {
        let lanes = self.window.lanes().iter().filter(|lane| lane.done().next().is_some());
        let partitions: Vec<TopicPartition> = lanes.map(|lane| (*lane.partition).clone()).collect();
        for partition in partitions {
            let Sink::Transactions(transactions) = &mut self.sink else { return true };
            let Some(lane) = self.window.lanes().iter().find(|lane| *lane.partition == partition) else {
                continue;
            };
            let behind =
                positions.iter().find(|(other, _)| *other == partition).map(|(_, position)| position.clone());
            // Where everything is done, control records that follow are passed over, too.
            let position = match (lane.first_undone(), behind) {
                (Some(entry), _) => at(entry.record.offset),
                (None, Some(behind)) => behind,
                (None, None) => continue,
            };
            let committed = (partition.clone(), position.clone());
            let count = lane.done().count();
            match transactions.commit(lane, position, member) {
                Ok(()) => {
                    (0..count).for_each(|_| self.window.settle(&partition));
                    self.note_committed(&[committed]);
                }
                Err(Refused::Rebalancing) => return false,
                Err(Refused::Record(ticket, error)) => {
                    self.refuse(ticket, &error);
                    return false;
                }
                Err(Refused::Fenced) => {
                    // The group is about to say so, too.
                    self.fenced_since.get_or_insert_with(Instant::now);
                    self.window.close(&[partition]);
                    return false;
                }
                Err(Refused::Failed(error)) => {
                    self.fail(format!("can't commit the transaction of {partition}: {error}"));
                    return false;
                }
            }
        }
        true
    }
}

/// A position that nothing more is known of.
pub(super) fn at(offset: Offset) -> CommittedOffset {
    CommittedOffset { offset, leader_epoch: None, metadata: String::new() }
}
