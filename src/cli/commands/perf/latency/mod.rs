//! `kt e2e-latency`, kafka-e2e-latency: how long a record takes from its producer to its consumer, one at a time.
//! Source: spec of the group tools, section 6; KIP-1172 (named options).

mod options;
mod record;
mod request;
mod run;

pub(crate) use options::LATENCY;
