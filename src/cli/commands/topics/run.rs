//! Runs kafka-topics: finds the action, opens the cluster, hands over.

use super::options::executing;
use super::request::{self, Action};
use super::{alter, create, delete, describe, list};
use crate::cli::config::command_config;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use crate::client;

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let action = request::action(parsed)?;
    if parsed.has("delete-config") {
        context.say(
            "delete-config option is no longer supported and deprecated since version 4.0. \
             The config will be fully removed in future releases.",
        )?;
    }
    match action {
        Action::Create => create::run(context, parsed)?,
        Action::List => list::run(context, parsed)?,
        Action::Describe => describe::run(context, parsed)?,
        Action::Alter => alter::run(context, parsed)?,
        Action::Delete => delete::run(context, parsed)?,
    }
    Ok(Status::SUCCESS)
}

/// The cluster that the command line names.
pub(super) fn admin(context: &Context, parsed: &Parsed) -> Result<Box<dyn client::Admin>, Failure> {
    command_config(parsed)?;
    context.connect(parsed)?.admin().map_err(refused)
}

/// A call that the cluster refused, in the tool's words.
pub(super) fn refused(error: client::Error) -> Failure {
    let failure = executing(error.message);
    match error.hint {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}
