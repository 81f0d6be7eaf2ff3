//! `kt groups`, which is kafka-consumer-groups, and `kt list-groups`, which is kafka-groups. Source: spec of the group tools.

mod delete;
mod delete_offsets;
pub(super) mod deletion;
mod describe;
pub(super) mod failure;
pub(super) mod grammar;
pub(super) mod list;
mod list_all;
pub(super) mod log_offsets;
pub(super) mod members;
mod offsets;
pub(super) mod plan;
mod plan_file;
pub(super) mod reset;
pub(super) mod reset_time;
pub(super) mod section;
pub(super) mod selection;
pub(super) mod states;
mod tool;
mod usage_checks;
mod validate_regex;
pub(super) mod view;

pub(crate) use list_all::TOOL as LIST_GROUPS;
pub(crate) use tool::TOOL as GROUPS;
