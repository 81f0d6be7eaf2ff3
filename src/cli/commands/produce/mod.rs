//! `kt produce`, kafka-console-producer: the lines of standard input become the records of a topic.
//! Source: spec of the console tools, KIP-1147 (renamed options).

mod config;
mod options;
mod run;

pub(crate) use config::producer_config;
pub(crate) use options::TOOL;
