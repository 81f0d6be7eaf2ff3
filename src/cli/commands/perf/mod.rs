//! Kafka's measuring tools: how fast records can be written and read, and how long one is on its way. Source: spec of the
//! group tools, section 6.

mod consumer;
mod latency;
mod metrics;
mod producer;

pub(crate) use consumer::CONSUMER;
pub(crate) use latency::LATENCY;
pub(crate) use producer::PRODUCER;
