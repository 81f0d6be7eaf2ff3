//! Consumer groups on a directory: the groups of `__consumer_offsets`, a consumer's place in one, and what an
//! administrator may ask of them. What is decided, `crate::group` decides; here it is written, locked and waited for.

mod admin;
mod classic;
mod desk;
mod expire;
mod heartbeat;
mod live;
mod log;
mod logs;
mod member;
mod modern;
mod modern_desk;
mod modern_view;
mod network;
mod presence;
mod settle;
mod view;

pub(super) use admin::{
    alter_offsets, commit, delete, delete_offsets, describe, forget_topic, list, offsets,
};
pub(super) use desk::is_about_membership;
pub(super) use expire::expire;
pub(super) use heartbeat::{Ring, Watcher, spawn};
pub(super) use log::{GroupLog, OFFSETS_TOPIC, Sync};
pub(super) use logs::GroupLogs;
pub(super) use member::GroupMember;
pub(crate) use network::{Commit, FetchOffsets, FetchedOffsets, JoinAnswer, Leaver, NetworkGroups};
pub(super) use presence::{Presence, Seat};
