//! `kt configs`, kafka-configs: shows and changes the configurations of topics, brokers and groups, and quotas. Source: spec of
//! the administration tools.

mod alter;
mod changes;
mod describe;
mod entity;
mod options;
mod quotas;
mod request;
mod run;
mod scram;

pub(crate) use options::TOOL;
