//! Kafka's verifiable clients, which tell each thing that they do as a JSON object on a line, for programs that check it.
//! Source: spec of the group tools, section 6.

mod consumer;
mod event;
mod producer;
mod settings;

pub(crate) use consumer::CONSUMER;
pub(crate) use producer::PRODUCER;
