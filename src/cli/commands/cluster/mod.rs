//! `kt cluster`, kafka-cluster: the cluster's id, its nodes, and the removal of a broker from the metadata, and what only kt
//! has: the step up to the real Kafka. A file an action.
//! Source: spec of the administration tools, section 9.

mod cluster_id;
mod graduate;
mod grammar;
mod list_endpoints;
mod tool;
mod unregister;

pub(crate) use grammar::read_strictly;
pub(crate) use tool::TOOL;
