//! `kt serve`: the directory for every client that speaks Kafka's protocol.

pub(super) mod faults;
mod guard;
mod logging;
mod run;
mod settings;
mod tool;

pub(crate) use tool::TOOL;
