//! The contract on a directory: whoever runs a command is the broker for that moment, under a lock.
//!
//! The only place that holds locks over several things. Never prints and never reads the environment.

mod acls;
mod admin;
mod api_versions;
mod assigned;
mod assignment;
mod broker;
mod brokers;
mod bulk;
pub(crate) mod check;
mod checkpoints;
mod cluster;
mod configs;
mod consumer;
mod coordinators;
mod create;
mod delete_records;
mod elections;
mod error;
mod features;
mod format;
mod groups;
mod idle;
mod leftovers;
mod locked;
mod log_dirs;
mod loggers;
mod metadata;
mod offsets;
mod open;
mod partition;
mod partition_files;
mod partitioner;
mod paths;
mod producer;
mod quorum;
mod quotas;
mod raw;
mod reassignments;
mod receipts;
mod replicas;
mod rotation;
mod scram;
pub(crate) mod scratch;
mod seal;
mod settle;
mod share;
mod site;
pub(crate) mod snapshot;
mod state;
mod syncer;
#[cfg(test)]
mod tests;
mod topic;
mod topic_writer;
mod topics;
mod transactions;
mod upkeep;

pub(crate) use crate::log::Notes;
pub(crate) use api_versions::TABLE as API_VERSIONS;
pub(crate) use cluster::Cluster;
pub(crate) use coordinators::Coordinated;
pub(crate) use format::{format_directory, stored_credential};
pub(crate) use groups::{Commit, FetchOffsets, FetchedOffsets, JoinAnswer, Leaver, NetworkGroups};
pub(crate) use raw::{
    Bell, Done, Fetched, Isolation, OffsetFound, RawLogs, RawTopic, Refusal, Ring, Stored,
    Wanted as FetchWanted, When,
};
pub(crate) use scram::StoredCredential;
pub(crate) use share::{
    NetworkShares, ShareAnswer, ShareBeat, ShareDescription, ShareFetched, ShareGiven,
    ShareMemberDescription, SharePlace, ShareRequest, ShareRequestPart, ShareSession, ShareWanted,
};
pub(crate) use site::Site;
pub(crate) use transactions::{
    Entry, NetworkTransactions, NewProducer, ProducerIdentity, TransactionOffsets, TransactionProtocol,
};
pub(crate) use upkeep::{Deed, Outcome, Wanted};
