//! What the verifiable clients have in common: the file with settings, and how a setting that can't be used is refused.

use crate::cli::argparse::{Synopsis, last_text};
use crate::cli::config::{InvalidSetting, Properties};
use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::parse::Parsed;
use std::ffi::OsStr;

/// The settings of the file that `--command-config` or, by its old name, `old` names.
pub(super) fn from_file(
    context: &mut Context,
    parsed: &Parsed,
    synopsis: &Synopsis,
    old: &str,
) -> Result<Properties, Failure> {
    let new = last_text(parsed, "command-config");
    let name = match last_text(parsed, old) {
        Some(_) if new.is_some() => {
            let message = format!("Options --{old} and --command-config are mutually exclusive.");
            return Err(synopsis.refuse(message));
        }
        Some(name) => {
            context.note(&format!(
                "Option --{old} has been deprecated and will be removed in a future version. Use --command-config instead."
            ))?;
            Some(name)
        }
        None => new,
    };
    let Some(name) = name else { return Ok(Properties::default()) };
    Properties::load(OsStr::new(&name)).map_err(|error| {
        let message = format!("can't read '{name}': {error}");
        synopsis.refuse(name).kt_message(message)
    })
}

/// A setting that a client refuses ends the program.
pub(super) fn refused(error: InvalidSetting) -> Failure {
    Failure::uncaught("org.apache.kafka.common.config.ConfigException", error.to_string())
}
