//! `Work`: a member's work on one partition: the records that it has and those that it has spoken of.

use super::super::cluster::Cluster;
use super::super::error::Result;
use super::super::topic::OpenTopic;
use super::ledger::{Exchange, Ledger, Outcome};
use super::state_log::StateLogs;
use crate::client::Acknowledge;
use crate::disk::Channels;
use crate::share::{AcknowledgeType, Acknowledgement, Acquired, ShareKey};
use crate::types::{Offset, PartitionId, TimestampMs, TopicPartition, now_ms};
use std::collections::VecDeque;

/// A partition that a member works on.
pub(super) struct Work {
    pub(super) ledger: Ledger,
    /// Records that the member has and that were not handed over yet, in order.
    held: VecDeque<Acquired>,
    /// Until when.
    held_until: TimestampMs,
    /// What was said of others, and the group was not told yet.
    words: Vec<Acknowledgement>,
}

impl Work {
    pub(super) fn new(cluster: &Cluster, key: ShareKey, topic: OpenTopic) -> Result<Work> {
        let ledger = Ledger::new(cluster, key, topic)?;
        Ok(Work { ledger, held: VecDeque::new(), held_until: TimestampMs::NONE, words: Vec::new() })
    }

    pub(super) fn id(&self) -> PartitionId {
        self.ledger.key.partition
    }

    pub(super) fn name(&self) -> TopicPartition {
        TopicPartition { topic: self.ledger.topic.name.to_string(), partition: self.id() }
    }

    /// What is notified when there may be records to be had.
    pub(super) fn channels(&self) -> Channels {
        self.ledger.channels()
    }

    /// The next records to be handed over. What the member has had for too long is another's.
    pub(super) fn next_held(&mut self) -> Option<Acquired> {
        if !self.held.is_empty() && now_ms() >= self.held_until {
            self.held.clear();
        }
        self.held.front().copied()
    }

    pub(super) fn has_words(&self) -> bool {
        !self.words.is_empty()
    }

    /// Says what became of the first record that is held, at `offset`; those before it are none.
    pub(super) fn acknowledge(&mut self, offset: Offset, what: Acknowledge) {
        self.pass_gaps(offset);
        let what = match what {
            Acknowledge::Accept => AcknowledgeType::Accept,
            Acknowledge::Release => AcknowledgeType::Release,
            Acknowledge::Reject => AcknowledgeType::Reject,
        };
        self.speak(offset, what);
    }

    /// There are no records before `offset` among those that are held.
    pub(super) fn pass_gaps(&mut self, offset: Offset) {
        while let Some(first) = self.held.front().copied().filter(|held| held.first < offset) {
            let last = first.last.min(offset.plus(-1));
            self.say(first.first, last, AcknowledgeType::Gap);
        }
    }

    fn speak(&mut self, offset: Offset, what: AcknowledgeType) {
        if self.held.front().is_some_and(|held| held.first == offset) {
            self.say(offset, offset, what);
        }
    }

    /// Takes `first` to `last` off the front of what is held.
    fn say(&mut self, first: Offset, last: Offset, what: AcknowledgeType) {
        match self.words.last_mut() {
            Some(word) if word.what == what && word.last.next() == first => word.last = last,
            _ => self.words.push(Acknowledgement { first, last, what }),
        }
        if let Some(held) = self.held.front_mut() {
            if held.last <= last {
                self.held.pop_front();
            } else {
                held.first = last.next();
            }
        }
    }

    /// Takes records, and tells what was said of others.
    pub(super) fn exchange(&mut self, logs: &mut StateLogs, how: &Exchange<'_>) -> Result<Outcome> {
        let words = std::mem::take(&mut self.words);
        let until = now_ms().0.saturating_add(how.settings.limits.lock_ms);
        let got = self.ledger.exchange(logs, how, &words)?;
        if !got.acquired.is_empty() {
            self.held.extend(got.acquired);
            self.held_until = TimestampMs(until);
        }
        Ok(got.outcome)
    }

    /// Gives back everything that the member has.
    pub(super) fn release(&mut self, logs: &mut StateLogs, how: &Exchange<'_>) -> Result<()> {
        self.held.clear();
        self.ledger.release(logs, how)
    }
}
