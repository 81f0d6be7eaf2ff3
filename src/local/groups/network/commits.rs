//! Commits of clients of the network. Those of many clients are written together and made durable by one sync: who gets the
//! log takes along what the others brought meanwhile.

use super::super::log::{GroupLog, Sync};
use super::facade::{NetworkGroups, code_of};
use crate::client;
use crate::group::{CommitRequest, Groups, NewCommit, Speaker};
use crate::types::{ErrorCode, TimestampMs};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// How many commits are written together.
const MAX_TOGETHER: usize = 256;

/// What an OffsetCommit request asks of a group.
#[derive(Debug)]
pub(crate) struct Commit {
    pub(crate) group: String,
    /// Empty for someone outside the group.
    pub(crate) member_id: String,
    pub(crate) instance_id: Option<String>,
    /// A generation or an epoch; negative for someone outside the group.
    pub(crate) generation: i32,
    pub(crate) offsets: Vec<NewCommit>,
}

/// Refused as a whole, or an answer for each offset in the order asked.
type Answer = Result<Vec<Result<(), ErrorCode>>, ErrorCode>;

/// A commit in the queue.
pub(super) struct Ticket {
    commit: Mutex<Option<Commit>>,
    answer: Mutex<Option<Answer>>,
}

impl Ticket {
    fn take_commit(&self) -> Option<Commit> {
        self.commit.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn answer_with(&self, answer: Answer) {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
    }

    fn take_answer(&self) -> Option<Answer> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl NetworkGroups {
    /// Commits offsets; they are on the disk when this returns.
    pub(crate) fn commit(&self, commit: Commit) -> Answer {
        let (group, member_id) = (commit.group.clone(), commit.member_id.clone());
        let shard = self.shared.shard_or_new(&group).map_err(|error| code_of(&error))?;
        let ticket = Arc::new(Ticket { commit: Mutex::new(Some(commit)), answer: Mutex::default() });
        shard.queue().push(Arc::clone(&ticket));
        // Whoever had the log meanwhile may have done it, or may not.
        let answer = loop {
            if let Some(answer) = ticket.take_answer() {
                break answer;
            }
            let written = shard.with(|log| {
                let mut queue = shard.queue();
                let count = queue.len().min(MAX_TOGETHER);
                let tickets: Vec<Arc<Ticket>> = queue.drain(..count).collect();
                drop(queue);
                write(log, &tickets)
            });
            // The log can't be opened, say: nobody will take the commit, unless somebody has.
            if let Err(error) = written
                && ticket.take_commit().is_some()
            {
                shard.queue().retain(|other| !Arc::ptr_eq(other, &ticket));
                break Err(code_of(&error));
            }
        };
        if answer.is_ok()
            && let Some(host) = self.shared.host(&group).filter(|host| host.has(&member_id))
        {
            host.give_sign(&member_id);
        }
        answer
    }
}

/// Writes commits together and answers each.
fn write(log: &mut GroupLog, tickets: &[Arc<Ticket>]) -> client::Result<()> {
    let commits: Vec<(&Arc<Ticket>, Commit)> =
        tickets.iter().filter_map(|ticket| Some((ticket, ticket.take_commit()?))).collect();
    if commits.is_empty() {
        return Ok(());
    }
    let groups: BTreeSet<&str> = commits.iter().map(|(_, commit)| commit.group.as_str()).collect();
    let groups: Vec<&str> = groups.into_iter().collect();
    let written = log.update_all(&groups, Sync::Now, |groups, now| {
        let (mut records, mut answers) = (Vec::new(), Vec::new());
        for (_, commit) in &commits {
            answers.push(take(groups, commit, now).map(|(more, results)| {
                records.extend(more);
                results
            }));
        }
        Ok((vec![records], answers))
    });
    match written {
        Ok(answers) => {
            commits.iter().zip(answers).for_each(|((ticket, _), answer)| ticket.answer_with(answer));
            Ok(())
        }
        Err(error) => {
            commits.iter().for_each(|(ticket, _)| ticket.answer_with(Err(code_of(&error))));
            Err(error)
        }
    }
}

type Taken = (Vec<crate::group::GroupRecord>, Vec<Result<(), ErrorCode>>);

fn take(groups: &mut Groups, commit: &Commit, now: TimestampMs) -> Result<Taken, ErrorCode> {
    let speaker = Speaker {
        member_id: &commit.member_id,
        instance_id: commit.instance_id.as_deref(),
        generation: commit.generation,
    };
    let request =
        CommitRequest { group: &commit.group, speaker, producer_id: None, offsets: commit.offsets.clone() };
    let is_known = groups.get(&commit.group).is_some();
    let outcome = groups.commit(request, now).map_err(|code| match code {
        ErrorCode::IllegalGeneration if !is_known => ErrorCode::GroupIdNotFound,
        code => code,
    })?;
    Ok((outcome.records, outcome.results.into_iter().map(|(_, result)| result).collect()))
}
