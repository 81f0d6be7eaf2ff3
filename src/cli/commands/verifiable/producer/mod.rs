//! `kt verifiable-producer`, kafka-verifiable-producer: increasing numbers as records, and where each was stored.
//! Source: spec of the group tools, section 6.

mod options;
mod run;
mod throttle;

pub(crate) use options::PRODUCER;
