//! `kt features`, kafka-features: the features of a cluster and their levels. A file an action. Source: spec of the
//! administration tools; KIP-584, KIP-1022.

mod describe;
mod grammar;
mod tool;
mod update;

pub(crate) use grammar::read_strictly;
pub(crate) use tool::TOOL;
