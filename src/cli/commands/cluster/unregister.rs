//! `unregister`: takes a broker out of the metadata.

use super::tool::admin;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use crate::types::BrokerId;
use std::io::Write;

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let id = parsed.number("id")?.ok_or_else(|| Failure::plain("--id is required"))?;
    admin(context, parsed)?.unregister_broker(BrokerId(id)).map_err(Failure::printed)?;
    writeln!(context.stdout, "Broker {id} is no longer registered.")?;
    Ok(Status::SUCCESS)
}
