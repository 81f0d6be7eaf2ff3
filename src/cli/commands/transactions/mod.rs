//! `kt transactions`, kafka-transactions: the transactions of a cluster, the producers of a partition, and ways to end what
//! nobody ends. Source: spec of the group tools, section 5.

mod grammar;
mod hanging;
mod options;
mod request;
mod run;

pub(crate) use grammar::read_strictly;
pub(crate) use options::TOOL;
