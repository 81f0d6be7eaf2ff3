//! Failures as people hear of them: the words, the stream, what follows them, and the exit status, in both registers.
//!
//! In the Kafka register a failure looks as Kafka's program prints it, which differs by tool: with the table of options after it,
//! with an empty line, as an uncaught exception, as a log line, or on standard output. In kt's register it is `kt: WORDS` on
//! standard error, with a hint on a terminal. The sentences of each tool stand beside the tool.

use super::config::InvalidSetting;
use crate::client;
use std::io;

/// An exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Status(pub(crate) u8);

impl Status {
    pub(crate) const SUCCESS: Status = Status(0);
    pub(crate) const FAILURE: Status = Status(1);
    /// A command that only kt has was called wrongly.
    pub(crate) const USAGE: Status = Status(2);

    /// Of a command that a signal has ended, as shells count.
    pub(crate) fn of_signal(number: i32) -> Status {
        Status(u8::try_from(128 + number).unwrap_or(1))
    }
}

/// What is wrong with an option; displays in Kafka's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParseError {
    #[error("{name} is not a recognized option")]
    Unrecognized { name: String },
    #[error("Option {name} requires an argument")]
    MissingArgument { name: String },
    #[error("Found multiple arguments for option {name}, but you asked for only one")]
    Multiple { name: String },
    #[error("Cannot parse argument '{argument}' of option {name}")]
    Unreadable { name: String, argument: String },
}

impl ParseError {
    /// The Java class that an uncaught error of this kind is printed with.
    pub(crate) const fn java_class(&self) -> &'static str {
        match self {
            ParseError::Unrecognized { .. } => "joptsimple.UnrecognizedOptionException",
            ParseError::MissingArgument { .. } => "joptsimple.OptionMissingRequiredArgumentException",
            ParseError::Multiple { .. } => "joptsimple.MultipleArgumentsForOptionException",
            ParseError::Unreadable { .. } => "joptsimple.OptionArgumentConversionException",
        }
    }
}

/// Where the Kafka register puts a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

/// What follows the words in the Kafka register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tail {
    Nothing,
    EmptyLine,
    /// The table of options.
    Table,
}

/// A command that could not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    Told(Box<Telling>),
    /// Nobody listens any more, or all has been said.
    Quiet(Status),
}

/// The words of a failure in both registers.
#[derive(Debug)]
pub(crate) struct Telling {
    /// After `kt: `.
    pub(crate) message: String,
    /// What to type next; on a terminal only.
    pub(crate) hint: Option<String>,
    pub(crate) status: Status,
    pub(crate) kafka: KafkaTelling,
}

/// How Kafka's own program puts it.
#[derive(Debug)]
pub(crate) struct KafkaTelling {
    pub(crate) stream: Stream,
    /// Without the last line end. For a log line only the message: date and level are put in when it is told.
    pub(crate) text: String,
    pub(crate) is_log_line: bool,
    pub(crate) tail: Tail,
    pub(crate) status: Status,
}

impl Failure {
    /// The words on standard error, then what `tail` says; status 1 in both registers.
    pub(crate) fn new(message: impl Into<String>, tail: Tail) -> Failure {
        let message = message.into();
        let kafka = KafkaTelling {
            stream: Stream::Stderr,
            text: message.clone(),
            is_log_line: false,
            tail,
            status: Status::FAILURE,
        };
        Failure::Told(Box::new(Telling { message, hint: None, status: Status::FAILURE, kafka }))
    }

    /// A usage error: message and table of options.
    pub(crate) fn usage(message: impl Into<String>) -> Failure {
        Failure::new(message, Tail::Table)
    }

    /// The message and an empty line, on standard error.
    pub(crate) fn with_blank(message: impl Into<String>) -> Failure {
        Failure::new(message, Tail::EmptyLine)
    }

    /// The message alone, on standard error.
    pub(crate) fn plain(message: impl Into<String>) -> Failure {
        Failure::new(message, Tail::Nothing)
    }

    /// Kafka leaves this one to its log: a dated line on standard error.
    pub(crate) fn logged(message: impl Into<String>) -> Failure {
        Failure::plain(message).in_kafka(|kafka| kafka.is_log_line = true)
    }

    /// An exception that Kafka's program doesn't catch.
    pub(crate) fn uncaught(java_class: &str, message: impl Into<String>) -> Failure {
        let message = message.into();
        let text = format!("Exception in thread \"main\" {java_class}: {message}");
        Failure::plain(message).in_kafka(|kafka| kafka.text = text)
    }

    /// A usage error of a command that only kt has: status 2.
    pub(crate) fn misuse(message: impl Into<String>) -> Failure {
        Failure::plain(message).kt_status(Status::USAGE)
    }

    /// A call to the cluster that failed, where Kafka's program prints the exception itself: no log line, but an empty one.
    pub(crate) fn printed(error: client::Error) -> Failure {
        Failure::from(error).in_kafka(|kafka| {
            kafka.is_log_line = false;
            kafka.tail = Tail::EmptyLine;
        })
    }

    /// Style for [`super::tools::Tool`]: message and table of options.
    pub(crate) fn with_table(error: ParseError) -> Failure {
        Failure::usage(error.to_string())
    }

    /// Style: the message alone.
    pub(crate) fn alone(error: ParseError) -> Failure {
        Failure::plain(error.to_string())
    }

    /// Style: message and empty line (where Kafka has a stack trace between them).
    pub(crate) fn with_empty_line(error: ParseError) -> Failure {
        Failure::new(error.to_string(), Tail::EmptyLine)
    }

    /// Style: `Exception in thread "main" CLASS: MESSAGE`.
    pub(crate) fn as_exception(error: ParseError) -> Failure {
        Failure::uncaught(error.java_class(), error.to_string())
    }

    /// Style: `Error occurred: MESSAGE`.
    pub(crate) fn as_occurred(error: ParseError) -> Failure {
        let text = format!("Error occurred: {error}");
        Failure::plain(error.to_string()).in_kafka(|kafka| kafka.text = text)
    }

    /// Style for commands that only kt has: status 2.
    pub(crate) fn as_misuse(error: ParseError) -> Failure {
        Failure::misuse(error.to_string())
    }

    /// Changes what the Kafka register prints.
    pub(crate) fn in_kafka(mut self, change: impl FnOnce(&mut KafkaTelling)) -> Failure {
        if let Failure::Told(telling) = &mut self {
            change(&mut telling.kafka);
        }
        self
    }

    /// The Kafka register prints `text` on `stream` and ends with `status`; kt's register keeps its words.
    pub(crate) fn kafka_says(self, stream: Stream, text: impl Into<String>, status: Status) -> Failure {
        self.in_kafka(|kafka| {
            kafka.stream = stream;
            kafka.text = text.into();
            kafka.is_log_line = false;
            kafka.status = status;
        })
    }

    /// In the Kafka register an empty line follows, as behind a stack trace.
    pub(crate) fn then_blank(self) -> Failure {
        self.in_kafka(|kafka| kafka.tail = Tail::EmptyLine)
    }

    /// Kt's register says `message` instead.
    pub(crate) fn kt_message(mut self, message: impl Into<String>) -> Failure {
        if let Failure::Told(telling) = &mut self {
            telling.message = message.into();
        }
        self
    }

    /// What to type next.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Failure {
        if let Failure::Told(telling) = &mut self {
            telling.hint = Some(hint.into());
        }
        self
    }

    /// The exit status in kt's register, 1 otherwise.
    pub(crate) fn kt_status(mut self, status: Status) -> Failure {
        if let Failure::Told(telling) = &mut self {
            telling.status = status;
        }
        self
    }

    /// The words alone; empty for a quiet one.
    pub(crate) fn message(&self) -> &str {
        match self {
            Failure::Told(telling) => &telling.message,
            Failure::Quiet(_) => "",
        }
    }
}

/// A call to the cluster that failed: a log line with the exception's name, unless the tool words it otherwise.
impl From<client::Error> for Failure {
    fn from(error: client::Error) -> Failure {
        let text = format!("{}: {}", error.java_class(), error.message);
        let failure = Failure::logged(error.message).in_kafka(|kafka| kafka.text = text);
        match error.hint {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        }
    }
}

/// A setting that a client refuses goes to its log.
impl From<InvalidSetting> for Failure {
    fn from(error: InvalidSetting) -> Failure {
        Failure::logged(error.to_string())
    }
}

/// Writing to standard output or standard error failed. A reader that went away is no failure worth a word.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Failure::Quiet(Status::SUCCESS)
        } else {
            Failure::plain(format!("can't write the output: {error}"))
        }
    }
}
