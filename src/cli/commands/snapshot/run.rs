//! What `kt snapshot` and `kt restore` do, and what they say of it.

use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use crate::cli::target::Target;
use crate::cli::time::log_time;
use crate::local::Site;
use crate::local::snapshot::{self, Error, Existing, Previous, Snapshot};
use crate::output::{Align, Format, csv_line, json_pretty, table};
use serde_json::json;
use std::io::Write;

pub(super) fn snapshot(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let site = site(context, parsed)?;
    let deleted = parsed.text("delete")?;
    let actions = usize::from(parsed.has("list")) + usize::from(deleted.is_some()) + parsed.words().len();
    if actions != 1 {
        return Err(Failure::misuse(
            "name the snapshot to take: kt snapshot NAME; or give --list or --delete NAME",
        ));
    }
    if parsed.has("list") {
        let all = snapshot::list(&site).map_err(failure)?;
        let text = listing(&all, context.format(parsed)?)?;
        context.stdout.write_all(text.as_bytes())?;
    } else if let Some(name) = deleted {
        snapshot::delete(&site, &name).map_err(failure)?;
    } else {
        let name = name(parsed)?;
        let existing = if parsed.has("force") { Existing::Replaced } else { Existing::Kept };
        let taken = snapshot::take(&site, &name, existing).map_err(failure)?;
        if context.terminals.stderr {
            let Snapshot { name, partition_count, bytes, .. } = taken;
            context.log(&format!("snapshot '{name}': {partition_count} partitions, {bytes} bytes"))?;
        }
    }
    Ok(Status::SUCCESS)
}

pub(super) fn restore(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let site = site(context, parsed)?;
    let name = name(parsed)?;
    let previous = if parsed.has("discard") { Previous::Dropped } else { Previous::Kept };
    let restored = snapshot::restore(&site, &name, previous).map_err(failure)?;
    if let Some(kept) = restored.kept_as {
        context.log(&format!("what was there is kept as snapshot '{kept}'"))?;
    }
    Ok(Status::SUCCESS)
}

fn site(context: &Context, parsed: &Parsed) -> Result<Site, Failure> {
    match Target::choose(parsed, &context.environment)? {
        Target::Directory(site) => Ok(site),
        Target::Servers(_) => Err(Failure::misuse("snapshots are of directories: give --data-dir DIR")),
    }
}

fn name(parsed: &Parsed) -> Result<String, Failure> {
    match parsed.words() {
        [name] => Ok(name.to_string_lossy().into_owned()),
        [] => Err(Failure::misuse("name the snapshot")),
        [_, other, ..] => Err(Failure::misuse(format!("unexpected argument '{}'", other.to_string_lossy()))),
    }
}

fn failure(error: Error) -> Failure {
    let hint = error.hint();
    let failure = match &error {
        Error::Name { .. } => Failure::misuse(error.to_string()),
        Error::Local(_) => match error {
            Error::Local(error) => crate::client::Error::from(error).into(),
            other => Failure::plain(other.to_string()),
        },
        _ => Failure::plain(error.to_string()),
    };
    match hint {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}

fn listing(all: &[Snapshot], format: Format) -> Result<String, Failure> {
    let cells = |snapshot: &Snapshot| {
        let Snapshot { name, created, partition_count, bytes } = snapshot;
        vec![name.clone(), log_time(*created), partition_count.to_string(), bytes.to_string()]
    };
    let rows: Vec<Vec<String>> = all.iter().map(cells).collect();
    const HEADER: [(&str, Align); 4] = [
        ("SNAPSHOT", Align::Left),
        ("CREATED", Align::Left),
        ("PARTITIONS", Align::Right),
        ("BYTES", Align::Right),
    ];
    Ok(match format {
        Format::Text => all.iter().map(|snapshot| format!("{}\n", snapshot.name)).collect(),
        Format::Table => table(&HEADER, &rows),
        Format::Csv => {
            let header: Vec<String> = HEADER.iter().map(|(name, _)| name.to_lowercase()).collect();
            [header].iter().chain(&rows).map(|row| csv_line(row)).collect()
        }
        Format::Json => {
            let all: Vec<_> = all
                .iter()
                .map(|s| json!({ "snapshot": s.name, "created": s.created.0, "partitions": s.partition_count, "bytes": s.bytes }))
                .collect();
            json_pretty(&all)?
        }
    })
}
