//! What a server tells of itself, on a port of its own: counters and gauges in the text form that Prometheus reads, and
//! whether it lives and is ready. Without that port nothing is counted.
//!
//! Counters are atomics that requests add to. What is in the directory is looked up when somebody asks, and no more of it than
//! so many series: a directory may have any number of partitions and groups.

mod counters;
mod gauges;
mod http;
mod page;
mod timed;

pub(super) use counters::Metrics;
pub(super) use http::serve;
pub(super) use timed::{Timed, timed};
