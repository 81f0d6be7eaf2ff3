//! What `--describe` shows of a group, and how the groups' sections follow one another.

use super::view::View;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::output::Format;
use std::io::Write;

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli::commands) enum Detail {
    Brief,
    Verbose,
}

/// What is shown of a group, in both forms.
pub(in crate::cli::commands) struct Section {
    /// Kafka's text without the empty line before it; `None` where Kafka prints none.
    pub(in crate::cli::commands) text: Option<String>,
    pub(in crate::cli::commands) view: View,
}

/// A section with what Kafka says, on standard error, before and after it.
pub(in crate::cli::commands) struct Annotated {
    pub(in crate::cli::commands) before: Option<String>,
    pub(in crate::cli::commands) section: Section,
    pub(in crate::cli::commands) after: Option<String>,
}

/// Prints the sections: Kafka's text one by one, anything else as a single listing after all that is said.
pub(in crate::cli::commands) fn print(
    context: &mut Context,
    format: Format,
    sections: impl Iterator<Item = Annotated>,
) -> Result<Status, Failure> {
    let mut whole: Option<View> = None;
    for Annotated { before, section, after } in sections {
        if let Some(note) = before {
            context.say(&note)?;
        }
        match (&mut whole, format) {
            (_, Format::Text) => {
                if let Some(text) = section.text {
                    write!(context.stdout, "\n{text}")?;
                }
            }
            (Some(view), _) => view.rows.extend(section.view.rows),
            (None, _) => whole = Some(section.view),
        }
        if let Some(note) = after {
            context.say(&note)?;
        }
    }
    if let Some(view) = whole {
        view.print(context, format, String::new)?;
    }
    Ok(Status::SUCCESS)
}
