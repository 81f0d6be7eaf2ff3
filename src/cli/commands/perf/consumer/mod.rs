//! `kt consumer-perf-test`, kafka-consumer-perf-test: reads records as fast as it can and tells how fast that was.
//! Source: spec of the group tools, section 6.

mod options;
mod request;
mod run;
mod stats;

pub(crate) use options::CONSUMER;
