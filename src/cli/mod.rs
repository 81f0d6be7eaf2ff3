//! People: options in, words out. Finds the tool that a command line names, parses its options in Kafka's ways, runs it and
//! reports in the register it was called in. Knows no file format and no lock; source: `spec` of Kafka's tools (KIP-14, KIP-1147).

mod archive;
mod argparse;
mod commands;
mod complete;
mod config;
mod context;
mod destinations;
mod dispatch;
mod error;
mod format;
mod input;
mod java_date;
mod java_json;
mod java_order;
mod java_regex;
mod java_uuid;
mod listeners;
mod listing;
mod one_line;
mod options;
mod parse;
mod partition_filter;
mod ranges;
mod records;
mod releases;
mod subcommands;
mod target;
mod time;
mod tools;
mod topic_filter;
mod usage;

pub(crate) use dispatch::run;
