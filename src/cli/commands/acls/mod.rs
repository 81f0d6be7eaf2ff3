//! `kt acls`, kafka-acls: who may do what, as a server on the directory enforces it. Source: Kafka 4.2's own tool, asked.

mod change;
mod entries;
mod list;
mod request;
mod tool;

pub(crate) use tool::TOOL;
