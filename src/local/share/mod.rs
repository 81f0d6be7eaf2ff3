//! Share groups on a directory: members, what each of them is delivered, and the state of that in `__share_group_state`.
//! What is decided, `crate::group` and `crate::share` decide; here it is written, locked and waited for.

mod admin;
mod consumer;
mod desk;
mod ledger;
mod network;
mod network_fetch;
mod network_members;
mod network_sessions;
mod reader;
mod settings;
mod state_log;
#[cfg(test)]
mod tests;
mod topics;
mod watch;
mod work;

pub(super) use admin::{alter_offsets, delete, delete_offsets, describe, forget_topic, living, offsets};
pub(super) use consumer::LocalShareConsumer;
pub(crate) use network::{
    NetworkShares, ShareAnswer, ShareBeat, ShareDescription, ShareGiven, ShareMemberDescription, SharePlace,
    ShareRequest, ShareRequestPart, ShareWanted,
};
pub(crate) use network_fetch::ShareFetched;
pub(crate) use network_sessions::ShareSession;
pub(super) use state_log::{STATE_TOPIC, States};
