//! `--alter`: more partitions.

use super::assignment;
use super::options::executing;
use super::request;
use super::run::{admin, refused};
use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::parse::Parsed;
use crate::types::BrokerId;

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<(), Failure> {
    let total = parsed.number::<i32>("partitions")?.unwrap_or_default();
    let selection = request::selection(parsed)?;
    let admin = admin(context, parsed)?;
    let topics = selection.of(admin.list_topics().map_err(refused)?);
    request::require_some(parsed, topics.len())?;
    let names: Vec<String> = topics.into_iter().map(|topic| topic.name).collect();
    let given = parsed.text("replica-assignment")?;
    // Every topic is tried; the first refusal is told in the end, as Kafka asks for all in one request.
    let mut outcome = Ok(());
    for (name, described) in names.iter().zip(admin.describe_topics(&names)) {
        let present = described.map_err(refused)?.partitions.len();
        let lists = match given.as_deref() {
            Some(text) if !text.is_empty() => Some(new_replicas(text, present)?),
            _ => None,
        };
        let grown = admin.create_partitions(name, total, lists.as_deref());
        outcome = outcome.and(grown);
    }
    outcome.map_err(refused)
}

/// The replicas of the partitions after the first `present`; the list has them all.
fn new_replicas(text: &str, present: usize) -> Result<Vec<Vec<BrokerId>>, Failure> {
    // Checked from the beginning, as Kafka does, also where the lists of present partitions are at fault.
    let all = assignment::parse(text).map_err(executing)?;
    Ok(all.into_iter().skip(present).collect())
}
