//! `remove-controller`: takes a controller out of the quorum.

use super::tool::admin;
use crate::cli::config::Properties;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::java_uuid;
use crate::cli::parse::Parsed;
use crate::types::BrokerId;
use std::io::Write;

pub(super) fn run(
    context: &mut Context,
    parsed: &Parsed,
    _config: Option<&Properties>,
) -> Result<Status, Failure> {
    let id: i32 = parsed.number("controller-id")?.ok_or_else(|| missing("controller-id"))?;
    let directory = parsed.all("controller-directory-id").last();
    let directory = directory.ok_or_else(|| missing("controller-directory-id"))?.to_string_lossy();
    if id < 0 {
        return Err(Failure::plain(format!("Invalid negative --controller-id: {id}")));
    }
    let unreadable = |why| Failure::plain(format!("Failed to parse --controller-directory-id: {why}"));
    let directory = java_uuid::parse(&directory).map_err(unreadable)?;
    if parsed.has("dry-run") {
        writeln!(context.stdout, "DRY RUN of removing  KRaft controller {id} with directory id {directory}")?;
        return Ok(Status::SUCCESS);
    }
    admin(context, parsed)?.remove_voter(BrokerId(id), directory).map_err(Failure::printed)?;
    writeln!(context.stdout, "Removed KRaft controller {id} with directory id {directory}")?;
    Ok(Status::SUCCESS)
}

fn missing(option: &str) -> Failure {
    Failure::plain(format!("--{option} is required")).with_hint("kt metadata-quorum --help")
}
