//! The contract on a directory: whoever runs a command is the broker for that moment, under a lock.
//!
//! The only place that holds locks over several things. Never prints and never reads the environment.

mod admin;
mod assigned;
mod assignment;
mod broker;
mod checkpoints;
mod cluster;
mod configs;
mod consumer;
mod create;
mod delete_records;
mod error;
mod groups;
mod locked;
mod metadata;
mod offsets;
mod partition;
mod partitioner;
mod paths;
mod producer;
mod quotas;
mod receipts;
mod rotation;
mod seal;
mod settle;
mod share;
mod state;
mod syncer;
#[cfg(test)]
mod tests;
mod topic;
mod topic_writer;
mod topics;
mod transactions;

pub(crate) use cluster::Cluster;
