//! `kt storage`, kafka-storage: makes log directories ready for brokers, and says what is in them. A file an action. Source: spec
//! of the administration tools; KIP-631, KIP-853, KIP-1022.

mod format;
mod grammar;
mod info;
mod node;
mod scram;
mod tool;
mod voters;

pub(crate) use grammar::read_strictly;
pub(crate) use tool::TOOL;
