//! `cluster-id`: under which id the cluster goes.

use super::tool::admin;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use crate::output::{Format, csv_line, json_pretty};
use std::io::Write;

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let format = context.format(parsed)?;
    let id = admin(context, parsed)?.describe_cluster().map_err(Failure::printed)?.cluster_id;
    let text = match format {
        Format::Text | Format::Table => format!("Cluster ID: {id}\n"),
        Format::Json => json_pretty(&serde_json::json!({ "cluster_id": id }))?,
        Format::Csv => csv_line(&["cluster_id"]) + &csv_line(&[id]),
    };
    context.stdout.write_all(text.as_bytes())?;
    Ok(Status::SUCCESS)
}
