//! Which groups a command line means.

use super::failure::failed;
use crate::cli::error::Failure;
use crate::cli::java_order;
use crate::cli::parse::Parsed;
use crate::client::{Admin, GroupListing, GroupType};
use crate::types::java::string_hash;

/// The share groups, by id.
pub(super) fn share_groups(admin: &dyn Admin) -> Result<Vec<GroupListing>, Failure> {
    let mut groups = admin.list_groups().map_err(failed)?;
    groups.retain(|group| group.group_type == GroupType::Share);
    Ok(groups)
}

/// The groups named, each once, in the order in which Kafka comes to them; every share group with `--all-groups`.
pub(super) fn groups(parsed: &Parsed, admin: &dyn Admin) -> Result<Vec<String>, Failure> {
    let mut groups = if parsed.has("all-groups") {
        share_groups(admin)?.into_iter().map(|listing| listing.group).collect()
    } else {
        parsed.texts("group")
    };
    groups.sort();
    groups.dedup();
    let capacity = java_order::capacity_for_all(groups.len());
    java_order::sort(&mut groups, capacity, |group| string_hash(group));
    Ok(groups)
}
