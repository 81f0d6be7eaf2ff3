//! Which groups a command line means.

use super::failure::failed;
use crate::cli::error::Failure;
use crate::cli::parse::Parsed;
use crate::client::{Admin, GroupListing, GroupType};

/// The share groups, by id.
pub(super) fn share_groups(admin: &dyn Admin) -> Result<Vec<GroupListing>, Failure> {
    let mut groups = admin.list_groups().map_err(failed)?;
    groups.retain(|group| group.group_type == GroupType::Share);
    Ok(groups)
}

/// The groups named, each once and sorted; every share group with `--all-groups`.
pub(super) fn groups(parsed: &Parsed, admin: &dyn Admin) -> Result<Vec<String>, Failure> {
    let mut groups = if parsed.has("all-groups") {
        share_groups(admin)?.into_iter().map(|listing| listing.group).collect()
    } else {
        parsed.texts("group")
    };
    groups.sort();
    groups.dedup();
    Ok(groups)
}
