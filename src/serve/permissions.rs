//! What the peer of a call may do, where an answer tells it (KIP-430).

use super::call::Call;
use crate::types::acl::{AclOperation, ResourceType};

/// Stands for an answer that nobody has asked for.
pub(super) const NOT_ASKED: i32 = i32::MIN;

/// Whether there is an authorizer.
pub(super) fn are_enforced(_call: &Call) -> bool {
    false
}

/// The operations that the peer may do to a resource, a bit for each number.
pub(super) fn operations(_call: &Call, resource_type: ResourceType, _name: &str) -> i32 {
    bits(resource_type.operations().iter().copied())
}

fn bits(operations: impl Iterator<Item = AclOperation>) -> i32 {
    operations.fold(0, |bits, operation| bits | 1 << operation.code())
}
