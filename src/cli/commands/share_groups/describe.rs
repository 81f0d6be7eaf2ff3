//! `--describe`: each group's offsets, members or state.

use super::failure::failed;
use super::{members, offsets, selection, states};
use crate::cli::commands::groups::view::View;
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
    /// Kafka's text without the empty line before it; `None` where Kafka prints none.
    pub(super) text: Option<String>,
    pub(super) view: View,
}

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let format = context.format(parsed)?;
    let detail = if parsed.has("verbose") { Detail::Verbose } else { Detail::Brief };
    let admin = context.connect(parsed)?.admin()?;
    let admin: &dyn Admin = &*admin;
    let names = selection::groups(parsed, admin)?;
    let described = names.iter().map(|name| admin.describe_share_group(name).map_err(failed));
    let mut sections = Vec::new();
    let mut shows_offsets = false;
    // Everything is asked for before anything is printed: an unknown group ends the command without a table.
    for group in described.collect::<Result<Vec<_>, _>>()? {
        let section = if parsed.has("members") {
            members::section(&group, detail)
        } else if parsed.has("state") {
            states::section(&group, detail)
        } else {
            shows_offsets = true;
            offsets::section(admin, &group, detail)?
        };
        sections.push((group, section));
    }
    let mut whole: Option<View> = None;
    for (group, section) in sections {
        match (&mut whole, format) {
            (_, Format::Text) => {
                if let Some(text) = section.text {
                    write!(context.stdout, "\n{text}")?;
                }
            }
            (Some(view), _) => view.rows.extend(section.view.rows),
            (None, _) => whole = Some(section.view),
        }
        if !shows_offsets {
            note(context, &group)?;
        }
    }
    if let Some(view) = whole {
        view.print(context, format, String::new)?;
    }
    Ok(Status::SUCCESS)
}

/// What Kafka says, on standard error, of a group that nobody is in.
fn note(context: &mut Context, group: &GroupDescription) -> Result<(), Failure> {
    match group.state {
        GroupState::Empty => context.say(&format!("\nShare group '{}' has no active members.", group.group)),
        GroupState::Dead => context.say(&format!("\nShare group '{}' does not exist.", group.group)),
        _ => Ok(()),
    }
}
