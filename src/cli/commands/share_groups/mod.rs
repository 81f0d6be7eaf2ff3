//! `kt share-groups`, which is kafka-share-groups. Source: spec of the group tools, KIP-932.

mod delete;
mod delete_offsets;
mod describe;
mod failure;
mod list;
mod members;
mod offsets;
mod reset;
mod selection;
mod states;
mod tool;
mod usage_checks;

pub(crate) use tool::TOOL;
