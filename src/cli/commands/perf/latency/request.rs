//! From the options, or the words that were used before there were any, to what is to be measured.

use super::record::Sizes;
use crate::cli::config::Properties;
use crate::cli::context::Context;
use crate::cli::error::{Failure, ParseError};
use crate::cli::parse::Parsed;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// Without an option that must be given, all words are taken for what they used to mean, in this order.
const REQUIRED: [&str; 5] = ["bootstrap-server", "topic", "num-records", "producer-acks", "record-size"];

/// Everything that the options ask for.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) topic: String,
    pub(super) record_count: usize,
    /// `1` or `all`.
    pub(super) acks: String,
    pub(super) sizes: Sizes,
    pub(super) servers: Option<OsString>,
    pub(super) settings: Properties,
}

/// The arguments by the names of their options.
struct Arguments<'p> {
    parsed: &'p Parsed,
    words: Option<&'p [OsString]>,
}

impl<'p> Arguments<'p> {
    fn new(context: &mut Context, parsed: &'p Parsed) -> Result<Arguments<'p>, Failure> {
        let has_names =
            !parsed.which(&REQUIRED).is_empty() || !context.is_kafka() && parsed.words().is_empty();
        if has_names {
            return Ok(Arguments { parsed, words: None });
        }
        let words = parsed.words();
        if !matches!(words.len(), 5 | 6) {
            let count = context.arguments.len();
            return Err(Failure::plain(format!(
                "Invalid number of arguments. Expected 5 or 6 positional arguments, but got {count}. Usage: bootstrap-server topic num-records producer-acks record-size [optional] command-config"
            )));
        }
        context.note(
            "WARNING: Positional argument usage is deprecated and will be removed in Apache Kafka 5.0. Please use named arguments instead: --bootstrap-server, --topic, --num-records, --producer-acks, --record-size, --command-config",
        )?;
        Ok(Arguments { parsed, words: Some(words) })
    }

    fn bytes(&self, name: &str) -> Result<Option<&'p OsStr>, Failure> {
        let Some(words) = self.words else { return self.parsed.bytes(name) };
        let place = REQUIRED.iter().chain(&["command-config"]).position(|other| *other == name);
        Ok(place.and_then(|place| words.get(place)).map(OsString::as_os_str))
    }

    fn text(&self, name: &str) -> Result<Option<String>, Failure> {
        Ok(self.bytes(name)?.map(|text| text.to_string_lossy().into_owned()))
    }

    /// An integer of at least `least`; `what` it must be.
    fn number(&self, name: &str, default: i32, least: i32, what: &str) -> Result<i32, Failure> {
        let Some(argument) = self.text(name)? else { return Ok(default) };
        match argument.parse() {
            Ok(number) if number >= least => Ok(number),
            Ok(_) => Err(Failure::usage(format!("Value for --{name} must be a {what}."))),
            Err(_) => {
                Err(Failure::with_empty_line(ParseError::Unreadable { name: name.to_owned(), argument }))
            }
        }
    }

    fn size(&self, name: &str) -> Result<usize, Failure> {
        self.number(name, 0, 0, "non-negative integer").map(|size| usize::try_from(size).unwrap_or(0))
    }
}

impl Request {
    pub(super) fn new(context: &mut Context, parsed: &Parsed) -> Result<Request, Failure> {
        let arguments = Arguments::new(context, parsed)?;
        for name in REQUIRED {
            let is_elsewhere = name == "bootstrap-server" && (!context.is_kafka() || parsed.has("data-dir"));
            if arguments.bytes(name)?.is_none() && !is_elsewhere {
                return Err(Failure::usage(format!("Missing required argument \"[{name}]\"")));
            }
        }
        let record_count = arguments.number("num-records", 0, 1, "positive integer")?;
        let value = arguments.size("record-size")?;
        let acks = arguments.text("producer-acks")?.unwrap_or_default();
        if !matches!(acks.as_str(), "1" | "all") {
            return Err(Failure::usage(
                "Invalid value for --producer-acks. Latency testing requires synchronous acknowledgement. Please use '1' or 'all'.",
            ));
        }
        let (key, header_key) =
            (arguments.size("record-key-size")?, arguments.size("record-header-key-size")?);
        let or_null = "non-negative integer or -1 for null header value";
        let header_value = arguments.number("record-header-size", 0, -1, or_null)?;
        let header_count = arguments.size("num-headers")?;
        Ok(Request {
            topic: arguments.text("topic")?.unwrap_or_default(),
            record_count: usize::try_from(record_count).unwrap_or(0),
            acks,
            sizes: Sizes {
                key,
                value,
                header_count,
                header_key,
                header_value: usize::try_from(header_value).ok(),
            },
            servers: arguments.bytes("bootstrap-server")?.map(OsStr::to_owned),
            settings: settings(arguments.bytes("command-config")?)?,
        })
    }
}

/// The settings of the file, for producer and consumer alike.
fn settings(path: Option<&OsStr>) -> Result<Properties, Failure> {
    let Some(path) = path.filter(|path| !path.to_string_lossy().trim().is_empty()) else {
        return Ok(Properties::default());
    };
    Properties::load(path).map_err(|error| {
        let name = PathBuf::from(path).display().to_string();
        let message = format!("can't read '{name}': {error}");
        Failure::with_blank(name).kt_message(message)
    })
}
