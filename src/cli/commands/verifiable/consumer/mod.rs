//! `kt verifiable-consumer`, kafka-verifiable-consumer: what a member of a group is given, reads, commits and lets go of.
//! Source: spec of the group tools, section 6.

mod batch;
mod options;
mod run;

pub(crate) use options::CONSUMER;
