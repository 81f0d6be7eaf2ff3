//! The partitions of a `LocalConsumer` as its group shares them out: taken, let go of, lost; and its positions, committed.

use super::assigned::Assigned;
use super::consumer::LocalConsumer;
use super::groups::{GroupMember, is_about_membership};
use crate::client::{Handler, Result};
use crate::group::Step;
use crate::types::TopicPartition;
use std::time::{Duration, Instant};

impl LocalConsumer {
    /// Does what the group asks for until it asks for nothing.
    pub(super) fn follow_group(&mut self, handler: &mut dyn Handler) -> Result<()> {
        while let Some(member) = &mut self.member
            && let Some(step) = member.advance()?
        {
            match step {
                Step::Revoke(partitions) => self.revoke(&partitions, handler)?,
                Step::Lose => self.lose(handler)?,
                Step::Assign(partitions) => self.assign(&partitions, handler)?,
            }
        }
        Ok(())
    }

    /// Whether the group has something to say before the next record.
    pub(super) fn is_called(&self) -> bool {
        self.member.as_ref().is_some_and(GroupMember::is_called)
    }

    pub(super) fn set_idle(&self, idle: bool) {
        if let Some(member) = &self.member {
            member.set_idle(idle);
        }
    }

    /// Opens the partitions that are new and closes those that are not wanted any more.
    pub(super) fn assign(&mut self, wanted: &[TopicPartition], handler: &mut dyn Handler) -> Result<()> {
        self.forget_unread();
        let (mut kept, mut added) = (Vec::new(), Vec::new());
        for key in wanted {
            let Some(topic) = self.cluster.open_topic(&key.topic)? else { continue };
            let same = |a: &Assigned| a.is(topic.id, key.partition);
            match self.assigned.iter().position(same) {
                Some(index) => kept.push(self.assigned.swap_remove(index)),
                None => {
                    let partition = match self.cluster.partition(&topic, key.partition) {
                        Err(e) if e.is_gone() => continue,
                        other => other?,
                    };
                    kept.push(Assigned::new(&topic, key.partition, partition, self.config.read_committed));
                    added.push(key.clone());
                }
            }
        }
        self.assigned = kept;
        if !added.is_empty() || self.member.is_some() {
            handler.assigned(&added);
        }
        // Whoever reads from the end reads what comes from now on, not from when it is a partition's turn.
        self.position_all();
        Ok(())
    }

    /// Lets go of partitions: until this returns they can't have another owner.
    fn revoke(&mut self, partitions: &[TopicPartition], handler: &mut dyn Handler) -> Result<()> {
        self.forget_unread();
        if self.config.auto_commit.is_some() {
            self.position_all();
            self.commit_positions()?;
        }
        let due = handler.revoked(partitions);
        if let Some(member) = &self.member
            && !due.is_empty()
        {
            unless_out(member.commit(&due))?;
        }
        self.assigned.retain(|assigned| !partitions.contains(&assigned.key()));
        Ok(())
    }

    /// Drops what others may have by now.
    fn lose(&mut self, handler: &mut dyn Handler) -> Result<()> {
        self.forget_unread();
        let lost: Vec<TopicPartition> = self.assigned.drain(..).map(|assigned| assigned.key()).collect();
        if !lost.is_empty() {
            handler.lost(&lost);
        }
        Ok(())
    }

    /// Commits positions that have moved, if it is time.
    pub(super) fn commit_if_due(&mut self) -> Result<Option<Duration>> {
        let (Some(interval), Some(_)) = (self.config.auto_commit, &self.member) else { return Ok(None) };
        if !self.assigned.iter().any(Assigned::has_uncommitted) {
            return Ok(None);
        }
        let passed = self.last_commit.elapsed();
        if passed < interval {
            return Ok(Some(interval - passed));
        }
        self.commit_positions()?;
        Ok(None)
    }

    /// Gives every partition a position, those included whose turn never came: a group commits all of them. Where none
    /// can be found, none is committed.
    pub(super) fn position_all(&mut self) {
        if self.member.is_some() {
            for index in 0..self.assigned.len() {
                let _ = self.position(index);
            }
        }
    }

    /// Commits the positions that have moved. What the group refuses, it is about to tell why.
    pub(super) fn commit_positions(&mut self) -> Result<()> {
        let Some(member) = &self.member else { return Ok(()) };
        let positions: Vec<_> = self.assigned.iter().filter_map(Assigned::due_commit).collect();
        self.last_commit = Instant::now();
        if !positions.is_empty() && unless_out(member.commit(&positions))? {
            self.assigned.iter_mut().for_each(Assigned::committed);
        }
        Ok(())
    }
}

/// Whether a commit was made; false where it was refused to someone who is not, or no longer, in the generation.
fn unless_out(outcome: Result<()>) -> Result<bool> {
    match outcome {
        Ok(()) => Ok(true),
        Err(e) if is_about_membership(&e) => Ok(false),
        Err(e) => Err(e),
    }
}
