//! Kafka's measuring tools: how fast records can be written and read. Source: spec of the group tools, section 6.

mod producer;

pub(crate) use producer::PRODUCER;
