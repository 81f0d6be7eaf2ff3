//! `kt groups`, which is kafka-consumer-groups, and `kt list-groups`, which is kafka-groups. Source: spec of the group tools.

mod delete;
mod delete_offsets;
mod describe;
mod failure;
mod list;
mod list_all;
mod members;
mod offsets;
mod plan;
mod plan_file;
mod reset;
mod reset_time;
mod selection;
mod states;
mod tool;
mod usage_checks;
mod validate_regex;
mod view;

pub(crate) use list_all::TOOL as LIST_GROUPS;
pub(crate) use tool::TOOL as GROUPS;
