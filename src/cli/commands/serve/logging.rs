//! What a server logs: `--log-level`, `--log-format` and `KT_LOG`. It goes to standard error, a line an event.

use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::options::valued;
use crate::cli::parse::Parsed;
use clap::Command;
use std::io;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry, fmt};

/// What is logged where nobody says.
const LEVEL: &str = "warn";

pub(super) fn options(table: Command) -> Command {
    table
        .arg(valued(
            "log-level",
            "LEVEL",
            "What to log: off, error, warn, info (faults, the end), debug (connections) or trace (requests) [default: $KT_LOG, else warn]",
        ))
        .arg(valued("log-format", "FORMAT", "text, or json: an object a line [default: text]"))
}

/// Has events logged from here on.
pub(super) fn begin(context: &Context, parsed: &Parsed) -> Result<(), Failure> {
    let level = match parsed.text("log-level")? {
        Some(level) => level.into_owned(),
        None => context.environment.log.clone().unwrap_or_else(|| LEVEL.to_owned()),
    };
    let bad = || {
        Failure::misuse(format!("the log level '{level}' is none of off, error, warn, info, debug and trace"))
    };
    // A word alone would be taken for a part of the program.
    let filter = match level.contains('=') {
        true => level.parse::<Targets>().map_err(|_| bad())?,
        false => Targets::new().with_default(level.parse::<LevelFilter>().map_err(|_| bad())?),
    };
    let lines = fmt::layer().with_writer(io::stderr).with_target(false);
    let layer = match parsed.text("log-format")?.as_deref() {
        None | Some("text") => lines.with_ansi(false).boxed(),
        Some("json") => lines.json().flatten_event(true).boxed(),
        Some(other) => {
            return Err(Failure::misuse(format!("the log format '{other}' is neither text nor json")));
        }
    };
    // Only one can be set in a process, and nobody else does.
    let _ = tracing::subscriber::set_global_default(Registry::default().with(layer.with_filter(filter)));
    Ok(())
}
