//! `--describe`: each group's offsets, members or state, after a note where nobody is in the group.

use super::failure::failed;
use super::section::{self, Annotated, Detail};
use super::{members, offsets, selection, states};
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use crate::client::{Admin, GroupDescription, GroupState};

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let format = context.format(parsed)?;
    let detail = if parsed.has("verbose") { Detail::Verbose } else { Detail::Brief };
    let admin = context.connect(parsed)?.admin()?;
    let admin: &dyn Admin = &*admin;
    let names = selection::groups(parsed, admin)?;
    let described = names.iter().map(|name| admin.describe_group(name).map_err(failed));
    // Everything is asked for before anything is printed: an unknown group ends the command without a table.
    let groups = described.collect::<Result<Vec<_>, _>>()?;
    let sections = if parsed.has("members") {
        groups.iter().map(|group| members::section(group, detail)).collect()
    } else if parsed.has("state") {
        groups.iter().map(|group| states::section(group, detail)).collect()
    } else {
        offsets::sections(admin, &groups, detail)?
    };
    let sections = groups.iter().zip(sections);
    let sections = sections.map(|(group, section)| Annotated { before: note(group), section, after: None });
    section::print(context, format, sections)
}

/// What Kafka says of a group that is not at work.
fn note(group: &GroupDescription) -> Option<String> {
    let name = &group.group;
    match group.state {
        GroupState::Stable => None,
        GroupState::Empty => Some(format!("\nConsumer group '{name}' has no active members.")),
        GroupState::Dead => Some(format!("\nError: Consumer group '{name}' does not exist.")),
        GroupState::Assigning
        | GroupState::CompletingRebalance
        | GroupState::PreparingRebalance
        | GroupState::Reconciling => Some(format!("\nWarning: Consumer group '{name}' is rebalancing.")),
    }
}
