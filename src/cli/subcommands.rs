//! Command lines as argparse4j reads them where a program has commands with options of their own: the program's options,
//! the command, the command's options. Long names may be shortened as long as they are clear, the last of several values
//! counts, and the first fault ends it. What is read is handed on in full, for the parser that all tools share.
//! Knows no tool. Source: argparse4j's behaviour under kafka-transactions, kafka-cluster, kafka-features and kafka-storage.

use super::argparse::{self, Synopsis};
use super::error::{Failure, Status, Stream};
use super::parse::Parsed;
use super::usage::KAFKA_VERSION;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Help,
    Version,
    /// Nothing.
    Flag,
    Text,
    /// A text, which may be given repeatedly.
    Texts,
    Long,
    Integer,
    Short,
}

/// An option.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opt {
    /// Without dashes.
    pub(crate) name: &'static str,
    /// Its short name.
    pub(crate) letter: Option<char>,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
}

impl Opt {
    pub(crate) const fn new(name: &'static str, kind: Kind) -> Opt {
        let letter = match kind {
            Kind::Help => Some('h'),
            Kind::Version => Some('v'),
            _ => None,
        };
        Opt { name, letter, kind, required: false }
    }

    pub(crate) const fn required(name: &'static str, kind: Kind) -> Opt {
        Opt { required: true, ..Opt::new(name, kind) }
    }

    pub(crate) const fn letter(self, letter: char) -> Opt {
        Opt { letter: Some(letter), ..self }
    }

    /// As errors name it.
    fn names(&self) -> String {
        let letter = self.letter.map(|letter| format!("/-{letter}"));
        format!("--{}{}", self.name, letter.unwrap_or_default())
    }
}

/// Options of which only one may be given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    pub(crate) options: &'static [&'static str],
    /// Whether one must be given, unless `--data-dir` is, which only kt has.
    pub(crate) required: bool,
}

impl Group {
    pub(crate) const NONE: Group = Group { options: &[], required: false };
}

/// The program or one of its commands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level {
    /// The command's name; empty for the program.
    pub(crate) name: &'static str,
    /// Required ones in the order in which the program misses them.
    pub(crate) options: &'static [Opt],
    pub(crate) group: Group,
    /// Broken between its pieces only; the first ones are the program and the command.
    pub(crate) synopsis: Synopsis,
}

/// The one word of a command line of kt's that isn't an option's: the command.
pub(crate) fn command(parsed: &Parsed, hint: &'static str) -> Result<String, Failure> {
    let mut words = parsed.words().iter().map(|word| word.to_string_lossy());
    let command = words.next().ok_or_else(|| Failure::plain("a command is required").with_hint(hint))?;
    match words.next() {
        Some(stray) => Err(Failure::plain(format!("'{stray}' means nothing to {command}")).with_hint(hint)),
        None => Ok(command.into_owned()),
    }
}

/// What is said of a command that the tool doesn't have.
pub(crate) fn unknown(command: &str, hint: &'static str) -> Failure {
    Failure::plain(format!("there is no command '{command}'")).with_hint(hint)
}

/// A program with commands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grammar {
    pub(crate) program: Level,
    pub(crate) commands: &'static [Level],
    /// What follows the version, for those that have `--version`.
    pub(crate) commit: &'static str,
    /// The explanation of the options of a level, by its name.
    pub(crate) explain: fn(&str) -> String,
    /// The exit status of `--help`.
    pub(crate) help_status: Status,
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
            let level = self.command(word)?;
            command = Some((level, self.read_command(level, &mut rest)?));
            break;
        }
        let Some((level, options)) = command else {
            return Err(self.program.synopsis.refuse("too few arguments"));
        };
        // What is missing is told last, and in this order.
        self.program.check_group(&given)?;
        level.check_required(&options)?;
        level.check_group(&options)?;
        self.program.check_required(&given)?;
        let mut all = spelled_out(given);
        all.push(OsString::from(level.name));
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
        Ok(given)
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
            Kind::Flag => return level.take_flag(option, attached, given),
            _ => {}
        }
        let value = match attached {
            Some(value) => OsString::from_vec(value.to_vec()),
            None => match rest.as_slice().first().filter(|next| !is_option(next)) {
                Some(_) => rest.next().cloned().unwrap_or_default(),
                None => {
                    let message = format!("argument {}: expected one argument", option.names());
                    return Err(level.synopsis.refuse(message));
                }
            },
        };
        check(level, option, &value)?;
        if option.kind != Kind::Texts {
            given.retain(|(name, _)| *name != option.name);
        }
        level.check_conflict(option, given)?;
        given.push((option.name, Some(value)));
        Ok(())
    }

    /// The command that is typed, in full or shortened.
    fn command(&self, word: &OsStr) -> Result<&'static Level, Failure> {
        let typed = word.to_string_lossy();
        let full = self.commands.iter().find(|level| level.name == typed);
        let begun: Vec<&Level> =
            self.commands.iter().filter(|level| level.name.starts_with(&*typed)).collect();
        match (full, begun.as_slice()) {
            (Some(level), _) | (None, &[level]) => Ok(level),
            (None, []) => Err(self.no_such_command(word)),
            (None, several) => {
                let mut names: Vec<&str> = several.iter().map(|level| level.name).collect();
                names.sort_unstable();
                let message = format!("ambiguous command: {typed} could match {}", names.join(", "));
                Err(self.program.synopsis.refuse(message))
            }
        }
    }

    fn no_such_command(&self, word: &OsStr) -> Failure {
        let names: Vec<String> = self.commands.iter().map(|level| format!("'{}'", level.name)).collect();
        let (word, names) = (word.to_string_lossy(), names.join(", "));
        self.program.synopsis.refuse(format!("invalid choice: '{word}' (choose from {names})"))
    }

    fn help(&self, level: &Level) -> Failure {
        let text = format!("{}\n{}", level.synopsis.text(), (self.explain)(level.name));
        Failure::plain("").kafka_says(Stream::Stdout, text, self.help_status)
    }

    fn version(&self) -> Failure {
        let text = format!("{KAFKA_VERSION} (Commit:{})", self.commit);
        Failure::plain("").kafka_says(Stream::Stdout, text, Status::SUCCESS)
    }
}

impl Level {
    fn option(&self, name: &str) -> Option<&Opt> {
        self.options.iter().find(|option| option.name == name)
    }

    fn take_flag(
        &self,
        option: &Opt,
        attached: Option<&[u8]>,
        given: &mut Vec<Value>,
    ) -> Result<(), Failure> {
        if let Some(value) = attached {
            let value = String::from_utf8_lossy(value);
            let message = format!("argument {}: ignore implicit argument '{value}'", option.names());
            return Err(self.synopsis.refuse(message));
        }
        given.retain(|(name, _)| *name != option.name);
        self.check_conflict(option, given)?;
        given.push((option.name, None));
        Ok(())
    }

    /// Refuses an option beside another one of its group.
    fn check_conflict(&self, option: &Opt, given: &[Value]) -> Result<(), Failure> {
        if !self.group.options.contains(&option.name) {
            return Ok(());
        }
        let other = given.iter().find(|(name, _)| *name != option.name && self.group.options.contains(name));
        match other.and_then(|(name, _)| self.option(name)) {
            Some(other) => {
                let message =
                    format!("argument {}: not allowed with argument {}", option.names(), other.names());
                Err(self.synopsis.refuse(message))
            }
            None => Ok(()),
        }
    }

    /// Misses an option that must be given. `--data-dir`, which only kt has, does for the servers.
    fn check_required(&self, given: &[Value]) -> Result<(), Failure> {
        let is_given = |name: &str| given.iter().any(|(given, _)| *given == name);
        let is_missing = |option: &&Opt| {
            let instead = option.name == "bootstrap-server" && is_given("data-dir");
            option.required && !is_given(option.name) && !instead
        };
        match self.options.iter().find(is_missing) {
            Some(option) => Err(self.synopsis.refuse(format!("argument {} is required", option.names()))),
            None => Ok(()),
        }
    }

    /// Misses an option of the group that must be given.
    fn check_group(&self, given: &[Value]) -> Result<(), Failure> {
        let is_there = |(name, _): &Value| *name == "data-dir" || self.group.options.contains(name);
        if !self.group.required || given.iter().any(is_there) {
            return Ok(());
        }
        let options = self.group.options.iter().filter_map(|name| self.option(name));
        let names: Vec<String> = options.map(Opt::names).collect();
        Err(self.synopsis.refuse(format!("one of the arguments {} is required", names.join(" "))))
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
    let is_letter = |option: &&Opt| {
        let letter = typed
            .strip_prefix('-')
            .and_then(|rest| rest.chars().next().filter(|c| rest.len() == c.len_utf8()));
        letter.is_some() && letter == option.letter
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
            let mut names: Vec<String> = several.iter().map(|option| format!("--{}", option.name)).collect();
            names.sort_unstable();
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
        Kind::Help | Kind::Version | Kind::Flag | Kind::Text | Kind::Texts => return Ok(()),
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
    let message = format!("argument {}: could not convert '{text}' to {class} ({why})", option.names());
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
