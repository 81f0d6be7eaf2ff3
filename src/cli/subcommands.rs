//! Command lines as argparse4j reads them where a program has commands with options of their own: the program's options,
//! the command, the command's options. Long names may be shortened as long as they are clear, the last of several values
//! counts, and the first fault ends it. What is read is handed on in full, for the parser that all tools share.
//! Knows no tool. Source: argparse4j's behaviour under kafka-transactions.

use super::argparse::{self, Synopsis};
use super::error::{Failure, Status, Stream};
use super::usage::KAFKA_VERSION;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Help,
    Version,
    Text,
    Long,
    Integer,
    Short,
}

/// An option.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opt {
    /// Without dashes.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
}

impl Opt {
    pub(crate) const fn new(name: &'static str, kind: Kind) -> Opt {
        Opt { name, kind, required: false }
    }

    pub(crate) const fn required(name: &'static str, kind: Kind) -> Opt {
        Opt { name, kind, required: true }
    }
}

/// The program or one of its commands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level {
    /// The command's name; empty for the program.
    pub(crate) name: &'static str,
    /// Required ones in the order in which the program misses them.
    pub(crate) options: &'static [Opt],
    /// Broken between its pieces only; the first ones are the program and the command.
    pub(crate) synopsis: Synopsis,
}

/// A program with commands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grammar {
    pub(crate) program: Level,
    pub(crate) commands: &'static [Level],
    /// An option of the program's that it cannot do without, unless one of the others is given.
    pub(crate) needed: (&'static str, &'static [&'static str]),
    /// What follows the version.
    pub(crate) commit: &'static str,
    /// The explanation of the options of a level, by its name.
    pub(crate) explain: fn(&str) -> String,
}

/// What an option was given.
type Value = (&'static str, Option<OsString>);

impl Grammar {
    /// Reads the words behind the program's name. Answers `--name VALUE …`, then the command and its options likewise.
    pub(crate) fn read(&self, words: &[OsString]) -> Result<Vec<OsString>, Failure> {
        let mut rest = words.iter();
        let mut given: Vec<Value> = Vec::new();
        let mut command = None;
        while let Some(word) = rest.next() {
            if word == "--" {
                if let Some(stray) = rest.next() {
                    return Err(unrecognized(&self.program, stray));
                }
                break;
            }
            if is_option(word) {
                self.take(&self.program, word, &mut rest, &mut given)?;
                continue;
            }
            let level = self.commands.iter().find(|level| word == level.name);
            let level = level.ok_or_else(|| self.no_such_command(word))?;
            command = Some((level.name, self.read_command(level, &mut rest)?));
            break;
        }
        let Some((name, options)) = command else {
            return Err(self.program.synopsis.refuse("too few arguments"));
        };
        let (needed, instead) = self.needed;
        if !given.iter().any(|(name, _)| *name == needed || instead.contains(name)) {
            return Err(self.program.synopsis.refuse(format!("argument --{needed} is required")));
        }
        let mut all = spelled_out(given);
        all.push(OsString::from(name));
        all.extend(spelled_out(options));
        Ok(all)
    }

    fn read_command(
        &self,
        level: &Level,
        rest: &mut std::slice::Iter<'_, OsString>,
    ) -> Result<Vec<Value>, Failure> {
        let mut given: Vec<Value> = Vec::new();
        while let Some(word) = rest.next() {
            match is_option(word) {
                true if word == "--" => {}
                true => self.take(level, word, rest, &mut given)?,
                false => return Err(unrecognized(level, word)),
            }
        }
        let is_missing =
            |option: &&Opt| option.required && !given.iter().any(|(name, _)| *name == option.name);
        match level.options.iter().find(is_missing) {
            Some(option) => Err(level.synopsis.refuse(format!("argument --{} is required", option.name))),
            None => Ok(given),
        }
    }

    /// Takes an option and its value.
    fn take(
        &self,
        level: &Level,
        word: &OsStr,
        rest: &mut std::slice::Iter<'_, OsString>,
        given: &mut Vec<Value>,
    ) -> Result<(), Failure> {
        let bytes = word.as_bytes();
        let (typed, attached) = match memchr::memchr(b'=', bytes).and_then(|at| bytes.split_at_checked(at)) {
            Some((name, value)) => (name, value.get(1..)),
            None => (bytes, None),
        };
        let option = find(level, typed, word)?;
        match option.kind {
            Kind::Help => return Err(self.help(level)),
            Kind::Version => return Err(self.version()),
            _ => {}
        }
        let value = match attached {
            Some(value) => OsString::from_vec(value.to_vec()),
            None => match rest.as_slice().first().filter(|next| !is_option(next)) {
                Some(_) => rest.next().cloned().unwrap_or_default(),
                None => {
                    let message = format!("argument --{}: expected one argument", option.name);
                    return Err(level.synopsis.refuse(message));
                }
            },
        };
        check(level, option, &value)?;
        given.retain(|(name, _)| *name != option.name);
        given.push((option.name, Some(value)));
        Ok(())
    }

    fn no_such_command(&self, word: &OsStr) -> Failure {
        let names: Vec<String> = self.commands.iter().map(|level| format!("'{}'", level.name)).collect();
        let (word, names) = (word.to_string_lossy(), names.join(", "));
        self.program.synopsis.refuse(format!("invalid choice: '{word}' (choose from {names})"))
    }

    fn help(&self, level: &Level) -> Failure {
        let text = format!("{}\n{}", level.synopsis.text(), (self.explain)(level.name));
        Failure::plain("").kafka_says(Stream::Stdout, text, Status::FAILURE)
    }

    fn version(&self) -> Failure {
        let text = format!("{KAFKA_VERSION} (Commit:{})", self.commit);
        Failure::plain("").kafka_says(Stream::Stdout, text, Status::SUCCESS)
    }
}

/// A word that begins with a dash, unless it is a negative number.
fn is_option(word: &OsStr) -> bool {
    let text = word.to_string_lossy();
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_prefix('-').is_some_and(|rest| !is_number(rest) && !rest.is_empty())
}

/// The option that is typed, in full or shortened.
fn find<'l>(level: &'l Level, typed: &[u8], word: &OsStr) -> Result<&'l Opt, Failure> {
    let typed = String::from_utf8_lossy(typed);
    let is_letter = |option: &&Opt| match option.kind {
        Kind::Help => typed == "-h",
        Kind::Version => typed == "-v",
        _ => false,
    };
    if let Some(option) = level.options.iter().find(is_letter) {
        return Ok(option);
    }
    let Some(typed) = typed.strip_prefix("--") else { return Err(unrecognized(level, word)) };
    if let Some(option) = level.options.iter().find(|option| option.name == typed) {
        return Ok(option);
    }
    let begun: Vec<&Opt> = level.options.iter().filter(|option| option.name.starts_with(typed)).collect();
    match begun.as_slice() {
        [] => Err(unrecognized(level, word)),
        &[option] => Ok(option),
        several => {
            let names: Vec<String> = several.iter().map(|option| format!("--{}", option.name)).collect();
            let message = format!("ambiguous option: --{typed} could match {}", names.join(", "));
            Err(level.synopsis.refuse(message))
        }
    }
}

fn unrecognized(level: &Level, word: &OsStr) -> Failure {
    level.synopsis.refuse(format!("unrecognized arguments: '{}'", word.to_string_lossy()))
}

/// Refuses a value that is not the number that it should be.
fn check(level: &Level, option: &Opt, value: &OsStr) -> Result<(), Failure> {
    let text = value.to_string_lossy();
    let (class, fits) = match option.kind {
        Kind::Long => ("Long", text.parse::<i64>().is_ok()),
        Kind::Integer => ("Integer", text.parse::<i32>().is_ok()),
        Kind::Short => ("Short", text.parse::<i16>().is_ok()),
        Kind::Help | Kind::Version | Kind::Text => return Ok(()),
    };
    if fits {
        return Ok(());
    }
    let why = match option.kind {
        Kind::Short if text.parse::<i32>().is_ok() => {
            format!("Value out of range. Value:\"{text}\" Radix:10")
        }
        _ => format!("For input string: \"{text}\""),
    };
    let message = format!("argument --{}: could not convert '{text}' to {class} ({why})", option.name);
    Err(level.synopsis.refuse(message))
}

fn spelled_out(given: Vec<Value>) -> Vec<OsString> {
    let spelled = |(name, value): Value| {
        let name = OsString::from(format!("--{name}"));
        [Some(name), value].into_iter().flatten()
    };
    given.into_iter().flat_map(spelled).collect()
}

/// Options with their explanations, in argparse4j's two columns.
pub(crate) fn explained(title: &str, options: &[(&str, &str)]) -> String {
    let mut text = format!("{title}:\n");
    for (option, help) in options {
        text.push_str(&argparse::explained(option, help));
    }
    text
}
