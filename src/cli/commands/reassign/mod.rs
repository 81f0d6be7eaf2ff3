//! `kt reassign-partitions`, kafka-reassign-partitions: which brokers keep which partitions, and in which of their directories.
//! Source: spec of the administration tools, section 8.

mod execute;
mod files;
mod generate;
mod options;
mod run;
mod throttle;
mod verify;

pub(crate) use options::TOOL;
