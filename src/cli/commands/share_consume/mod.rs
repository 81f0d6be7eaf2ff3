//! `kt share-consume`, kafka-console-share-consumer: the records of a topic, shared with the other members of a share group,
//! as text on standard output. Source: spec of the group tools, KIP-932.

mod config;
mod options;
mod run;

pub(crate) use options::TOOL;
