//! Offsets committed by hand, for who prints: all that was handed over has been printed, so the consumer's positions are
//! what is to be committed.

use super::delivery::{Commit, Delivery, is_rebalancing};
use crate::client::{self, Consumer};
use crate::types::{Offset, TopicPartition};
use std::collections::BTreeMap;

/// When, and what has been committed so far.
#[derive(Debug)]
pub(super) struct ByHand {
    pub(super) commit: Commit,
    pub(super) delivery: Delivery,
    committed: BTreeMap<TopicPartition, Offset>,
}

/// What a commit has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Committed {
    Yes,
    /// The group is being shared out: the next poll tells what is still ours.
    NotNow,
}

impl ByHand {
    pub(super) fn new(commit: Commit, delivery: Delivery) -> ByHand {
        ByHand { commit, delivery, committed: BTreeMap::new() }
    }

    /// Whether nothing may be written before its offset is committed.
    pub(super) fn commits_ahead(&self) -> bool {
        self.delivery == Delivery::AtMost
    }

    /// Commits the positions that have changed.
    pub(super) fn commit(&mut self, consumer: &mut dyn Consumer) -> client::Result<Committed> {
        let mut due = consumer.positions();
        due.retain(|(partition, position)| self.committed.get(partition) != Some(&position.offset));
        if self.commit == Commit::Never || due.is_empty() {
            return Ok(Committed::Yes);
        }
        match consumer.commit(&due) {
            Ok(()) => {
                self.committed
                    .extend(due.into_iter().map(|(partition, position)| (partition, position.offset)));
                Ok(Committed::Yes)
            }
            Err(error) if is_rebalancing(&error) => Ok(Committed::NotNow),
            Err(error) => Err(error),
        }
    }
}
