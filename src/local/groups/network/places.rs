//! `Waiting`: a client that waits for the answer to its JoinGroup or SyncGroup.

use super::classic::{JoinAnswer, JoinReply, SyncReply};
use crate::group::GroupKind;
use crate::types::ErrorCode;

/// A member whose client waits.
pub(super) struct Waiting {
    pub(super) instance_id: Option<String>,
    pub(super) reply: Reply,
}

/// Where the answer goes.
pub(super) enum Reply {
    Join(JoinReply),
    /// Of the generation that was asked about.
    Sync(i32, SyncReply),
}

impl Waiting {
    /// Answers with what the group tells, which it does by now.
    pub(super) fn answer(self, member_id: &str, kind: &GroupKind) {
        let instance_id = self.instance_id.as_deref();
        match self.reply {
            Reply::Join(reply) => {
                if let Some(result) = kind.join_answer(member_id, instance_id) {
                    reply(JoinAnswer { member_id: member_id.to_owned(), result });
                }
            }
            Reply::Sync(generation, reply) => {
                if let Some(result) = kind.sync_answer(member_id, instance_id, generation) {
                    reply(result);
                }
            }
        }
    }
}

impl Reply {
    pub(super) fn refuse(self, member_id: &str, error: ErrorCode) {
        match self {
            Reply::Join(reply) => reply(JoinAnswer { member_id: member_id.to_owned(), result: Err(error) }),
            Reply::Sync(_, reply) => reply(Err(error)),
        }
    }
}
