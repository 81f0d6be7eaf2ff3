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
    let outcome = topics.iter().fold(Ok(()), |outcome, topic| outcome.and(admin.delete_topic(&topic.name)));
    outcome.map_err(refused)
}
