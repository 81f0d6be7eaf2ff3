//! What a tool gets to work with: the register it speaks in, the streams, the environment, the cluster.

use super::error::{Failure, Status, Stream, Tail};
use super::parse::Parsed;
use super::target::{Connection, Environment, Notes, Target};
use super::tools::Tool;
use super::usage;
use crate::output::{Format, Stdout};
use std::cell::RefCell;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};

/// In whose words a command speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Register {
    /// Called by the name of Kafka's program: that program to the byte.
    Kafka,
    /// Called as `kt TOOL`: notes and errors on standard error, every failure has a status.
    Kt,
}

/// Which of the standard streams are terminals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminals {
    pub(crate) stdin: bool,
    pub(crate) stdout: bool,
    pub(crate) stderr: bool,
}

/// What a tool gets.
pub(crate) struct Context {
    pub(crate) register: Register,
    pub(crate) tool: &'static Tool,
    /// The words after the tool's name, as typed.
    pub(crate) arguments: Vec<OsString>,
    /// Buffered; flushed by the dispatcher at the end and before anything goes to standard error.
    pub(crate) stdout: Stdout,
    pub(crate) terminals: Terminals,
    pub(crate) environment: Environment,
    /// Of the clusters that were opened.
    notes: RefCell<Vec<Notes>>,
}

impl Context {
    pub(crate) fn new(register: Register, tool: &'static Tool, arguments: Vec<OsString>) -> Context {
        let terminals = Terminals {
            stdin: io::stdin().is_terminal(),
            stdout: io::stdout().is_terminal(),
            stderr: io::stderr().is_terminal(),
        };
        Context {
            register,
            tool,
            arguments,
            stdout: Stdout::open(),
            terminals,
            environment: Environment::of_process(),
            notes: RefCell::default(),
        }
    }

    pub(crate) fn is_kafka(&self) -> bool {
        self.register == Register::Kafka
    }

    /// The cluster that `--data-dir`, `--bootstrap-server` and the environment name, opened.
    pub(crate) fn connect(&self, parsed: &Parsed) -> Result<Connection, Failure> {
        self.connect_to(Target::choose(parsed, &self.environment)?)
    }

    /// A cluster that was named otherwise, opened.
    pub(crate) fn connect_to(&self, target: Target) -> Result<Connection, Failure> {
        let connection = Connection::open(target)?;
        self.notes.borrow_mut().push(connection.notes().clone());
        Ok(connection)
    }

    /// Tells what was wrong with the directories that were read all the same; the status is then no success.
    pub(crate) fn tell_notes(&mut self, status: Status) -> Status {
        let lines: Vec<String> = self.notes.borrow().iter().flat_map(Notes::take).collect();
        for line in &lines {
            // Nobody is left to hear of an error in telling an error.
            let _ = self.log(line);
        }
        if lines.is_empty() { status } else { status.max(Status::FAILURE) }
    }

    /// How listings are to be printed: `--output`, else a table for a person and Kafka's text for everything else.
    pub(crate) fn format(&self, parsed: &Parsed) -> Result<Format, Failure> {
        match parsed.text("output")? {
            Some(name) => Format::by_name(&name).ok_or_else(|| {
                Failure::usage(format!("unknown output format '{name}': it is kafka, table, json or csv"))
            }),
            None if self.register == Register::Kt && self.terminals.stdout => Ok(Format::Table),
            None => Ok(Format::Text),
        }
    }

    /// A note that Kafka's program prints on standard output among its data; in kt's register on standard error.
    pub(crate) fn note(&mut self, line: &str) -> Result<(), Failure> {
        match self.register {
            Register::Kafka => Ok(writeln!(self.stdout, "{line}")?),
            Register::Kt => self.say(line),
        }
    }

    /// A line on standard error, after everything printed so far. One write, so that the lines of several processes on one
    /// terminal or in one file don't run together.
    pub(crate) fn say(&mut self, line: &str) -> Result<(), Failure> {
        self.stdout.flush()?;
        Ok(io::stderr().lock().write_all(format!("{line}\n").as_bytes())?)
    }

    /// What Kafka leaves to its log: a dated line in the Kafka register, `kt: …` otherwise.
    pub(crate) fn log(&mut self, message: &str) -> Result<(), Failure> {
        match self.register {
            Register::Kafka => self.say(&usage::log_line(message)),
            Register::Kt => self.say(&format!("kt: {message}")),
        }
    }

    /// A warning that Kafka leaves to its log, which its tools write to standard error.
    pub(crate) fn warn(&mut self, message: &str) -> Result<(), Failure> {
        match self.register {
            Register::Kafka => self.say(&usage::warning_line(message)),
            Register::Kt => self.say(&format!("kt: {message}")),
        }
    }

    /// Tells the failure in the words of the register; returns the status to end with.
    pub(crate) fn tell(&mut self, failure: Failure) -> Status {
        let telling = match failure {
            Failure::Quiet(status) => return status,
            Failure::Told(telling) => telling,
        };
        // Nobody is left to hear of an error in telling an error.
        match self.register {
            Register::Kafka => {
                let kafka = telling.kafka;
                let mut text = if kafka.is_log_line { usage::log_line(&kafka.text) } else { kafka.text };
                match kafka.tail {
                    Tail::Nothing => {}
                    Tail::EmptyLine => text.push('\n'),
                    Tail::Table => {
                        text = format!("{text}\n{}", usage::option_table(&(self.tool.command)()).trim_end())
                    }
                }
                let _ = match kafka.stream {
                    Stream::Stdout => writeln!(self.stdout, "{text}").map_err(Failure::from),
                    Stream::Stderr => self.say(&text),
                };
                kafka.status
            }
            Register::Kt => {
                let _ = self.say(&format!("kt: {}", telling.message));
                let hint = telling.hint.or_else(|| match telling.kafka.tail {
                    Tail::Table => Some(format!("kt {} --help", self.tool.name)),
                    _ => None,
                });
                if let (true, Some(hint)) = (self.terminals.stderr, hint) {
                    let _ = self.say(&format!("hint: {hint}"));
                }
                telling.status
            }
        }
    }
}
