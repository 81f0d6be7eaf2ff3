//! `--describe`: each group's offsets, members or state, after a note where nobody is in the group.

use super::failure::failed;
use super::view::View;
use super::{members, offsets, selection, states};
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use crate::client::{Admin, GroupDescription, GroupState};
use crate::output::Format;
use std::io::Write;

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    Brief,
    Verbose,
}

/// What is shown of a group, in both forms.
pub(super) struct Section {
    /// Kafka's table without the empty line before it; `None` where Kafka prints none.
    pub(super) text: Option<String>,
    pub(super) view: View,
}

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
    if format == Format::Text {
        for (group, section) in sections {
            note(context, group)?;
            if let Some(text) = section.text {
                write!(context.stdout, "\n{text}")?;
            }
        }
        return Ok(Status::SUCCESS);
    }
    let mut whole: Option<View> = None;
    for (group, section) in sections {
        note(context, group)?;
        match &mut whole {
            Some(view) => view.rows.extend(section.view.rows),
            None => whole = Some(section.view),
        }
    }
    if let Some(view) = whole {
        view.print(context, format, String::new)?;
    }
    Ok(Status::SUCCESS)
}

/// What Kafka says, on standard error, of a group that is not at work.
fn note(context: &mut Context, group: &GroupDescription) -> Result<(), Failure> {
    let name = &group.group;
    match group.state {
        GroupState::Stable => Ok(()),
        GroupState::Empty => context.say(&format!("\nConsumer group '{name}' has no active members.")),
        GroupState::Dead => context.say(&format!("\nError: Consumer group '{name}' does not exist.")),
        GroupState::Assigning
        | GroupState::CompletingRebalance
        | GroupState::PreparingRebalance
        | GroupState::Reconciling => {
            context.say(&format!("\nWarning: Consumer group '{name}' is rebalancing."))
        }
    }
}
