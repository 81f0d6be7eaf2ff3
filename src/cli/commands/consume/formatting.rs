//! `--formatter` and its settings, as every console consumer takes them.

use super::settings::note;
use crate::cli::config::Properties;
use crate::cli::context::{Context, Register};
use crate::cli::error::Failure;
use crate::cli::format::{Audience, Formatter, unknown_deserializers};
use crate::cli::parse::Parsed;
use std::borrow::Cow;

const DEFAULT_FORMATTER: &str = "org.apache.kafka.tools.consumer.DefaultMessageFormatter";

/// The formatter with its settings: the file, over it the two deserializer options, over them the properties.
pub(in crate::cli::commands) fn formatter(
    context: &mut Context,
    parsed: &Parsed,
) -> Result<Formatter, Failure> {
    // Kafka prints its table after any error here.
    let usage = |failure: Failure| Failure::usage(failure.message());
    let class = parsed.text("formatter").map_err(usage)?.map(Cow::into_owned);
    let class = class.unwrap_or_else(|| DEFAULT_FORMATTER.to_owned());
    if Formatter::by_class(&class, &Properties::default(), Audience::Program).is_none() {
        return Err(Failure::usage(class.as_str()).kt_message(format!("there is no formatter '{class}'")));
    }
    note(context, parsed, "property", "formatter-property")?;
    let mut settings = Properties::default();
    if let Some(path) = parsed.bytes("formatter-config").map_err(usage)? {
        let name = path.to_string_lossy();
        settings = Properties::load(path).map_err(|error| {
            Failure::usage(name.as_ref()).kt_message(format!("can't read '{name}': {error}"))
        })?;
    }
    for (option, key) in
        [("key-deserializer", "key.deserializer"), ("value-deserializer", "value.deserializer")]
    {
        if let Some(class) = parsed.text(option).map_err(usage)? {
            settings.set(key, class.into_owned());
        }
    }
    for word in parsed.all("formatter-property").chain(parsed.all("property")) {
        settings.add_word(word);
    }
    for class in unknown_deserializers(&settings) {
        context.log(&format!("there is no deserializer '{class}': its bytes are printed as they are"))?;
    }
    let audience = match (context.register, context.terminals.stdout) {
        (Register::Kt, true) if !parsed.has("exec-batch") => Audience::Terminal,
        _ => Audience::Program,
    };
    let unknown = || Failure::usage(class.as_str());
    Formatter::by_class(&class, &settings, audience).ok_or_else(unknown)
}
