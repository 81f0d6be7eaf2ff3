//! Command lines in the ways of Kafka's tools (joptsimple without abbreviations), driven by a tool's clap table.
//!
//! `--name value`, `--name=value`, one dash for long names too. An option with a required argument takes the next word
//! whatever it is, one with an optional argument takes none that starts with a dash and is no number. Words that are no option are ignored,
//! repeats are kept, `--` ends the options. Typed access is lazy: an argument that can't be read is found when it is asked for.
//! Values stay bytes (`OsString`). Source: spec of the console tools and the administration tools.

use super::error::{Failure, ParseError};
use clap::{Arg, Command};
use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::str::FromStr;

/// A command line as it was typed.
#[derive(Debug)]
pub(crate) struct Parsed {
    /// In the order given; `None` where there was no argument.
    given: Vec<(String, Option<OsString>)>,
    /// What is no option.
    words: Vec<OsString>,
    argument_errors: fn(ParseError) -> Failure,
}

impl Parsed {
    /// Reads `words` (without the program's name) by the table `command`.
    pub(crate) fn read(
        command: &Command,
        words: &[OsString],
        argument_errors: fn(ParseError) -> Failure,
    ) -> Result<Parsed, ParseError> {
        let mut given = Vec::new();
        let mut others = Vec::new();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let bytes = word.as_bytes();
            if bytes == b"--" {
                others.extend(words.by_ref().cloned());
                break;
            }
            let option = bytes.strip_prefix(b"--").or_else(|| bytes.strip_prefix(b"-"));
            let Some(option) = option.filter(|option| !option.is_empty()) else {
                others.push(word.clone());
                continue;
            };
            let (name, attached) = split_at_equals(option);
            let arg = find(command, name)
                .ok_or_else(|| ParseError::Unrecognized { name: as_named(bytes, name) })?;
            let name = arg.get_id().to_string();
            let value = match (takes(arg), attached) {
                (Takes::Nothing, _) => None,
                (_, Some(value)) => Some(OsString::from_vec(value.to_vec())),
                (Takes::Required, None) => match words.next() {
                    Some(value) => Some(value.clone()),
                    None => return Err(ParseError::MissingArgument { name }),
                },
                (Takes::Optional, None) => words.next_if_argument().cloned(),
                (Takes::Many, None) => {
                    let mut value = words.next_if_argument();
                    if value.is_none() {
                        return Err(ParseError::MissingArgument { name });
                    }
                    while let Some(more) = words.next_if_argument() {
                        given.push((name.clone(), value.replace(more).cloned()));
                    }
                    value.cloned()
                }
            };
            given.push((name, value));
        }
        Ok(Parsed { given, words: others, argument_errors })
    }

    /// The words that are no option and no option's argument. Kafka's tools ignore them.
    pub(crate) fn words(&self) -> &[OsString] {
        &self.words
    }

    /// Whether the option was given, with or without an argument.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.given.iter().any(|(given, _)| given == name)
    }

    /// Those of `names` that were given, in the order of `names`.
    pub(crate) fn which<'n>(&self, names: &[&'n str]) -> Vec<&'n str> {
        names.iter().copied().filter(|name| self.has(name)).collect()
    }

    /// The occurrences of any of `names`, in the order given, with their arguments.
    pub(crate) fn in_order<'a>(
        &'a self,
        names: &'a [&str],
    ) -> impl Iterator<Item = (&'a str, Option<&'a OsStr>)> {
        let given = self.given.iter().filter(move |(name, _)| names.contains(&name.as_str()));
        given.map(|(name, value)| (name.as_str(), value.as_deref()))
    }

    /// Every argument of a repeatable option, in order, as the bytes that were typed.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a OsStr> {
        self.given.iter().filter(move |(given, _)| given == name).filter_map(|(_, value)| value.as_deref())
    }

    /// Every argument of a repeatable option as text.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        self.all(name).map(|value| value.to_string_lossy().into_owned()).collect()
    }

    /// The last argument of an option, as text.
    pub(crate) fn last(&self, name: &str) -> Option<String> {
        self.all(name).last().map(|value| value.to_string_lossy().into_owned())
    }

    /// The argument of an option that has one value: `None` if it was not given (or without its optional argument).
    pub(crate) fn bytes(&self, name: &str) -> Result<Option<&OsStr>, Failure> {
        let mut values =
            self.given.iter().filter(|(given, _)| given == name).filter_map(|(_, v)| v.as_deref());
        let value = values.next();
        match values.next() {
            Some(_) => Err(self.refuse(ParseError::Multiple { name: name.to_owned() })),
            None => Ok(value),
        }
    }

    /// Like [`Parsed::bytes`], as text; bytes that are no UTF-8 are replaced, as Java does.
    pub(crate) fn text(&self, name: &str) -> Result<Option<Cow<'_, str>>, Failure> {
        Ok(self.bytes(name)?.map(OsStr::to_string_lossy))
    }

    /// The argument of an option as a number (or whatever `T` reads).
    pub(crate) fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, Failure> {
        for value in self.all(name) {
            let text = value.to_string_lossy();
            if text.parse::<T>().is_err() {
                let error = ParseError::Unreadable { name: name.to_owned(), argument: text.into_owned() };
                return Err(self.refuse(error));
            }
        }
        Ok(self.text(name)?.and_then(|text| text.parse().ok()))
    }

    fn refuse(&self, error: ParseError) -> Failure {
        (self.argument_errors)(error)
    }
}

/// What an option does with the words after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    Nothing,
    Optional,
    Required,
    /// At least one, up to the next option.
    Many,
}

/// What the option `arg` takes.
pub(crate) fn takes(arg: &Arg) -> Takes {
    match arg.get_num_args() {
        Some(range) if !range.takes_values() => Takes::Nothing,
        Some(range) if range.min_values() == 0 => Takes::Optional,
        Some(range) if range.max_values() > 1 => Takes::Many,
        _ => Takes::Required,
    }
}

trait NextIfArgument<'a> {
    /// The next word, unless it looks like an option.
    fn next_if_argument(&mut self) -> Option<&'a OsString>;
}

impl<'a> NextIfArgument<'a> for std::slice::Iter<'a, OsString> {
    fn next_if_argument(&mut self) -> Option<&'a OsString> {
        let word = self.as_slice().first()?.as_bytes();
        let is_number =
            word.strip_prefix(b"-").is_some_and(|digits| digits.first().is_some_and(u8::is_ascii_digit));
        let is_option = word.starts_with(b"-") && word != b"-" && word != b"--" && !is_number;
        if is_option { None } else { self.next() }
    }
}

fn find<'c>(command: &'c Command, name: &[u8]) -> Option<&'c Arg> {
    command.get_arguments().find(|arg| {
        arg.get_long().is_some_and(|long| long.as_bytes() == name)
            || arg.get_short().is_some_and(|short| short.to_string().as_bytes() == name)
    })
}

fn split_at_equals(option: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(b'=', option).and_then(|at| option.split_at_checked(at)) {
        Some((name, value)) => (name, Some(value.get(1..).unwrap_or_default())),
        None => (option, None),
    }
}

/// How an unknown option is named: after one dash only its first letter counts, as a cluster of short options.
fn as_named(word: &[u8], name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name).into_owned();
    if word.starts_with(b"--") { text } else { text.chars().take(1).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::options;

    fn table() -> Command {
        options::table("t", "about")
            .arg(options::valued("topic", "NAME", "h"))
            .arg(options::valued("partitions", "N", "h"))
            .arg(options::flag("sync", "h"))
            .arg(options::optional("codec", "CODEC", "h"))
    }

    fn read(line: &str) -> Result<Parsed, ParseError> {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        Parsed::read(&table(), &words, Failure::with_table)
    }

    #[test]
    fn values_are_found_in_every_spelling() {
        for line in
            ["--topic a", "--topic=a", "-topic a", "-topic=a", "x --topic a y", "--sync=yes --topic a"]
        {
            let parsed = read(line).unwrap();
            assert_eq!(parsed.text("topic").unwrap().unwrap(), "a", "{line}");
            assert_eq!(parsed.has("sync"), line.contains("sync"));
        }
        assert_eq!(read("--topic=").unwrap().text("topic").unwrap().unwrap(), "");
        assert!(!read("-- --topic a").unwrap().has("topic"));
    }

    #[test]
    fn a_required_argument_swallows_an_option_and_an_optional_one_does_not() {
        let parsed = read("--topic --partitions 2").unwrap();
        assert_eq!(parsed.text("topic").unwrap().unwrap(), "--partitions");
        assert!(!parsed.has("partitions"));
        let parsed = read("--codec --topic t").unwrap();
        assert!(parsed.has("codec") && parsed.text("codec").unwrap().is_none());
        assert_eq!(parsed.text("topic").unwrap().unwrap(), "t");
        assert_eq!(read("--codec -1").unwrap().text("codec").unwrap().unwrap(), "-1");
        assert_eq!(read("--codec gzip").unwrap().text("codec").unwrap().unwrap(), "gzip");
    }

    #[test]
    fn errors_are_worded_as_kafka_words_them() {
        let words = |line: &str| read(line).unwrap_err().to_string();
        assert_eq!(words("--top x"), "top is not a recognized option");
        assert_eq!(words("--top=x"), "top is not a recognized option");
        assert_eq!(words("-xyz"), "x is not a recognized option");
        assert_eq!(words("--topic"), "Option topic requires an argument");
        let parsed = read("--topic a --topic b --partitions two").unwrap();
        let multiple = parsed.text("topic").unwrap_err();
        assert_eq!(
            multiple.message(),
            "Found multiple arguments for option topic, but you asked for only one"
        );
        let unreadable = parsed.number::<i32>("partitions").unwrap_err();
        assert_eq!(unreadable.message(), "Cannot parse argument 'two' of option partitions");
        assert_eq!(parsed.texts("topic"), ["a", "b"]);
    }

    #[test]
    fn bytes_that_are_no_text_stay_as_they_are() {
        let words = [OsString::from("--topic"), OsString::from_vec(vec![0xff, b'='])];
        let parsed = Parsed::read(&table(), &words, Failure::with_table).unwrap();
        assert_eq!(parsed.bytes("topic").unwrap().unwrap().as_bytes(), [0xff, b'=']);
    }
}
