//! `kt producer-perf-test`, kafka-producer-perf-test: writes records as fast as it can, or as it may, and tells how fast that
//! was. Source: spec of the group tools, section 6.

mod options;
mod payload;
mod request;
mod run;
mod stats;

pub(crate) use options::PRODUCER;
