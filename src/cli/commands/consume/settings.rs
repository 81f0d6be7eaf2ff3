//! The settings of a client that prints records, and what is said of the options that give them: the same for every console
//! consumer.

use crate::cli::config::Properties;
use crate::cli::context::{Context, Register};
use crate::cli::error::Failure;
use crate::cli::parse::Parsed;
use crate::cli::target;
use std::borrow::Cow;
use std::io;

/// Options that exclude each other, and the one that Kafka requires. `old_config` is the old name of `--command-config`.
pub(in crate::cli::commands) fn check_options(
    register: Register,
    parsed: &Parsed,
    old_config: &str,
) -> Result<(), Failure> {
    for (old, new) in [
        ("consumer-property", "command-property"),
        (old_config, "command-config"),
        ("property", "formatter-property"),
    ] {
        if parsed.has(old) && parsed.has(new) {
            return Err(Failure::usage(format!("Options --{old} and --{new} cannot be specified together.")));
        }
    }
    let names_cluster = parsed.has("bootstrap-server") || parsed.has("data-dir");
    if register == Register::Kafka && !names_cluster {
        return Err(Failure::usage("Missing required argument \"[bootstrap-server]\""));
    }
    Ok(())
}

/// An address that is none is found only when the consumer is made.
pub(crate) fn check_address(parsed: &Parsed) -> Result<(), Failure> {
    match parsed.bytes("bootstrap-server")? {
        Some(server)
            if !target::is_directory(server) && !target::is_host_port_list(&server.to_string_lossy()) =>
        {
            Err(Failure::logged(format!("'{}' is not a list of host:port", server.to_string_lossy())))
        }
        _ => Ok(()),
    }
}

/// Says of an old option that there is a new one.
pub(in crate::cli::commands) fn note(
    context: &mut Context,
    parsed: &Parsed,
    old: &str,
    new: &str,
) -> Result<(), Failure> {
    if !parsed.has(old) {
        return Ok(());
    }
    let removal = "is deprecated and will be removed in a future version.";
    context.note(&format!("Option --{old} {removal} Use --{new} instead."))
}

/// Consumer settings: the file, over it the properties.
pub(in crate::cli::commands) fn settings(parsed: &Parsed, old_config: &str) -> Result<Properties, Failure> {
    let mut settings = Properties::default();
    for option in ["command-config", old_config] {
        if let Some(path) = parsed.bytes(option)? {
            settings = Properties::load(path).map_err(|error| unreadable(&path.to_string_lossy(), &error))?;
        }
    }
    for word in parsed.all("command-property").chain(parsed.all("consumer-property")) {
        settings.add_word(word);
    }
    Ok(settings)
}

fn unreadable(path: &str, error: &io::Error) -> Failure {
    let class = match error.kind() {
        io::ErrorKind::NotFound => "java.nio.file.NoSuchFileException",
        io::ErrorKind::PermissionDenied => "java.nio.file.AccessDeniedException",
        _ => return Failure::uncaught("java.io.IOException", format!("can't read '{path}': {error}")),
    };
    let text = format!("Exception in thread \"main\" {class}: {path}");
    Failure::plain(format!("can't read '{path}': {error}")).in_kafka(|kafka| kafka.text = text)
}

/// The group, which `--group` and the settings may both name but not differ in.
pub(in crate::cli::commands) fn group(
    parsed: &Parsed,
    settings: &Properties,
    old_config: &str,
) -> Result<Option<String>, Failure> {
    let option = parsed.text("group")?.map(Cow::into_owned);
    let setting = settings.text("group.id").map(Cow::into_owned);
    if let (Some(option), Some(setting)) = (&option, &setting)
        && option != setting
    {
        let mut ids = [option.as_str(), setting.as_str()];
        // The order of a Java HashSet.
        ids.sort_by_key(|id| java_bucket(id));
        let [first, second] = ids;
        return Err(Failure::usage(format!(
            "The group ids provided in different places (directly using '--group', via '--consumer-property', or via \
             '--{old_config}') do not match. Detected group ids: '{first}', '{second}'"
        )));
    }
    Ok(option.or(setting))
}

/// Where a small HashSet of Java (16 buckets) keeps a text.
fn java_bucket(text: &str) -> i32 {
    let hash =
        text.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
    (hash ^ (hash.cast_unsigned() >> 16).cast_signed()) & 15
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differing_groups_are_named_in_javas_order() {
        let order = |a: &'static str, b: &'static str| {
            let mut ids = [a, b];
            ids.sort_by_key(|id| java_bucket(id));
            ids
        };
        assert_eq!(order("filed", "other"), ["other", "filed"]);
        assert_eq!(order("h", "g"), ["g", "h"]);
    }
}
