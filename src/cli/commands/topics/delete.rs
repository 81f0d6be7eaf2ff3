//! `--delete`.

use super::request;
use super::run::{admin, refused};
use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::parse::Parsed;

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<(), Failure> {
    let selection = request::selection(parsed)?;
    let admin = admin(context, parsed)?;
    let topics = selection.of(admin.list_topics().map_err(refused)?);
    request::require_some(parsed, topics.len())?;
    // Every topic is tried; the first refusal is told in the end.
    let mut outcome = Ok(());
    for topic in topics {
        let deleted = admin.delete_topic(&topic.name);
        outcome = outcome.and(deleted);
    }
    outcome.map_err(refused)
}
