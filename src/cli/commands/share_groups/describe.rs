//! `--describe`: each group's offsets, members or state.

use super::failure::failed;
use super::{members, offsets, selection, states};
use crate::cli::commands::groups::section::{self, Annotated, Detail};
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
    let described = names.iter().map(|name| admin.describe_share_group(name).map_err(failed));
    let mut sections = Vec::new();
    // Everything is asked for before anything is printed: an unknown group ends the command without a table.
    for group in described.collect::<Result<Vec<_>, _>>()? {
        let (section, after) = if parsed.has("members") {
            (members::section(&group, detail), note(&group))
        } else if parsed.has("state") {
            (states::section(&group, detail), note(&group))
        } else {
            (offsets::section(admin, &group, detail)?, None)
        };
        sections.push(Annotated { before: None, section, after });
    }
    section::print(context, format, sections.into_iter())
}

/// What Kafka says of a group that nobody is in.
fn note(group: &GroupDescription) -> Option<String> {
    match group.state {
        GroupState::Empty => Some(format!("\nShare group '{}' has no active members.", group.group)),
        GroupState::Dead => Some(format!("\nShare group '{}' does not exist.", group.group)),
        _ => None,
    }
}
