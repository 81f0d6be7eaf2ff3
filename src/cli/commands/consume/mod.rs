//! `kt consume`, kafka-console-consumer: the records of topics as text on standard output.
//! Source: spec of the console tools, KIP-1147 (renamed options).

mod assignments;
mod by_hand;
mod config;
mod delivery;
pub(super) mod ending;
mod exec;
pub(super) mod formatting;
pub(super) mod options;
mod position;
mod printing;
mod protocol;
mod run;
pub(super) mod settings;
mod taken;
pub(super) mod waiting;

pub(crate) use config::consumer_config;
pub(crate) use options::TOOL;
pub(crate) use settings::check_address;
