//! Who may do what: the access control entries of a cluster, arranged so that a decision is quick, and the decision as Kafka's
//! StandardAuthorizer takes it. Pure: knows no metadata log, no connection and no request.

mod authorizer;
mod index;

pub(crate) use authorizer::{Authorizer, Decision, Policy, Subject};
pub(crate) use index::AclIndex;
