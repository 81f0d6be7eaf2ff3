//! The coordinator of the classic protocol (JoinGroup, SyncGroup, Heartbeat, LeaveGroup): a state machine over
//! `ClassicGroup` that answers with records to write and replies to send. Times and new ids are arguments.

mod answers;
mod client;
mod duty;
mod group;
mod join;
mod live;
mod member;
mod outcome;
mod rebalance;
mod requests;
#[cfg(test)]
mod sharing;
#[cfg(test)]
mod simulation;
#[cfg(test)]
pub(in crate::group) mod tests;

pub(crate) use client::{ClassicClient, Place, Seat, Step};
pub(crate) use duty::Belief;
pub(crate) use group::{ClassicGroup, ClassicState};
pub(crate) use member::{ClassicConfig, ClassicMember, JoinRequest, Protocols};
pub(crate) use outcome::{Joined, Outcome, Synced};
pub(crate) use requests::{Speaker, SyncRequest};
