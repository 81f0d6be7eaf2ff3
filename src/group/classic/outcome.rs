//! What a request to a classic group leads to: records to be written, and answers to members, the asking one's
//! among them or not.

use super::super::records::GroupRecord;
use crate::types::ErrorCode;

/// The consequences of a request or of time passing. The group in memory has changed already: answers go out after
/// the records are written, and if they can't be, the group must be loaded again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) records: Vec<GroupRecord>,
    pub(crate) replies: Vec<Reply>,
}

/// An answer to the member that waits for it.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) member_id: String,
    pub(crate) answer: Answer,
}

#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Join(Result<Joined, ErrorCode>),
    Sync(Result<Synced, ErrorCode>),
}

/// The answer to a JoinGroup request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Joined {
    pub(crate) generation: i32,
    pub(crate) protocol_type: String,
    pub(crate) protocol: String,
    pub(crate) leader: String,
    /// For the leader: everyone, in order of member ids. Empty for the others.
    pub(crate) members: Vec<JoinedMember>,
    /// The leader need not compute anything: the assignment of the generation stands.
    pub(crate) skip_assignment: bool,
}

/// A member as its leader is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JoinedMember {
    pub(crate) member_id: String,
    pub(crate) instance_id: Option<String>,
    pub(crate) metadata: Vec<u8>,
}

/// The answer to a SyncGroup request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Synced {
    pub(crate) protocol_type: String,
    pub(crate) protocol: String,
    pub(crate) assignment: Vec<u8>,
}

impl Outcome {
    /// Nothing but a refusal of a JoinGroup.
    pub(crate) fn join_refused(member_id: &str, error: ErrorCode) -> Outcome {
        let mut outcome = Outcome::default();
        outcome.join(member_id, Err(error));
        outcome
    }

    /// Nothing but a refusal of a SyncGroup.
    pub(crate) fn sync_refused(member_id: &str, error: ErrorCode) -> Outcome {
        let mut outcome = Outcome::default();
        outcome.sync(member_id, Err(error));
        outcome
    }

    pub(super) fn join(&mut self, member_id: &str, answer: Result<Joined, ErrorCode>) {
        self.replies.push(Reply { member_id: member_id.to_owned(), answer: Answer::Join(answer) });
    }

    pub(super) fn sync(&mut self, member_id: &str, answer: Result<Synced, ErrorCode>) {
        self.replies.push(Reply { member_id: member_id.to_owned(), answer: Answer::Sync(answer) });
    }

    /// The answer to `member_id`'s JoinGroup, if it is among the replies.
    pub(crate) fn joined(&self, member_id: &str) -> Option<&Result<Joined, ErrorCode>> {
        self.replies.iter().find_map(|reply| match &reply.answer {
            Answer::Join(answer) if reply.member_id == member_id => Some(answer),
            _ => None,
        })
    }

    /// The answer to `member_id`'s SyncGroup, if it is among the replies.
    pub(crate) fn synced(&self, member_id: &str) -> Option<&Result<Synced, ErrorCode>> {
        self.replies.iter().find_map(|reply| match &reply.answer {
            Answer::Sync(answer) if reply.member_id == member_id => Some(answer),
            _ => None,
        })
    }
}
