//! `kt metadata-quorum`, kafka-metadata-quorum: who keeps a cluster's metadata, and changes of that. Source: spec of the
//! administration tools, section 9; KIP-836, KIP-853.

mod add_controller;
mod describe;
mod grammar;
mod remove_controller;
mod tool;

pub(crate) use grammar::read_strictly;
pub(crate) use tool::TOOL;
