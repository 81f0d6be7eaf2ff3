//! `kt topics`, kafka-topics: makes, lists, describes, grows and deletes topics. Source: spec of the administration tools.

mod alter;
mod assignment;
mod create;
mod delete;
mod describe;
mod list;
mod options;
mod request;
mod run;
mod view;

pub(crate) use options::TOOL;
