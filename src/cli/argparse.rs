//! Usage errors as Kafka's tools print them that parse with argparse4j: the synopsis, then `PROGRAM: error: MESSAGE`, broken at
//! 75 columns and justified. Knows no tool.

use super::error::{Failure, ParseError};
use super::parse::Parsed;
use crate::types::java;

/// Where argparse4j breaks lines when standard error is no terminal.
const WIDTH: usize = 75;
const INDENT: usize = 7;
/// The options stand behind a name of the program that takes no more than this with what goes before it, else below it.
const NAME_MAX: usize = 30;

/// What an option's argument must be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Integer,
    Long,
    Double,
    /// One of these integers.
    Choice(&'static [i32]),
}

impl Kind {
    /// What is wrong with `text`.
    fn error(self, text: &str) -> Option<String> {
        let (name, is_good) = match self {
            Kind::Integer | Kind::Choice(_) => ("Integer", text.parse::<i32>().is_ok()),
            Kind::Long => ("Long", text.parse::<i64>().is_ok()),
            Kind::Double => ("Double", java::parse_double(java::trim(text)).is_some()),
        };
        if !is_good {
            return Some(format!("could not convert '{text}' to {name} (For input string: \"{text}\")"));
        }
        match self {
            Kind::Choice(choices) if !choices.iter().any(|choice| text.parse() == Ok(*choice)) => {
                let choices: Vec<String> = choices.iter().map(ToString::to_string).collect();
                Some(format!("invalid choice: '{text}' (choose from {{{}}})", choices.join(",")))
            }
            _ => None,
        }
    }
}

/// How a tool is called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Synopsis {
    /// Kafka's name of the tool.
    pub(crate) program: &'static str,
    /// The options in Kafka's order, each as a whole: lines are broken between them only.
    pub(crate) pieces: &'static [&'static str],
}

impl Synopsis {
    /// A wrong command line.
    pub(crate) fn refuse(&self, message: impl Into<String>) -> Failure {
        let message = message.into();
        let line = format!("{}: error: {message}", self.program);
        let text = format!("{}{}", self.text(), justified(&line));
        Failure::plain(message).in_kafka(|kafka| kafka.text = text)
    }

    /// What the option parser found.
    pub(crate) fn parse_error(&self, error: ParseError) -> Failure {
        self.refuse(match error {
            ParseError::Unrecognized { name } => format!("unrecognized arguments: '--{name}'"),
            ParseError::MissingArgument { name } => format!("argument --{name}: expected one argument"),
            other => other.to_string(),
        })
    }

    /// Checks the arguments of options that are numbers, in the order typed, and that there are no other words.
    pub(crate) fn check_kinds(&self, parsed: &Parsed, kinds: &[(&str, Kind)]) -> Result<(), Failure> {
        if let Some(word) = parsed.words().first() {
            return Err(self.refuse(format!("unrecognized arguments: '{}'", word.to_string_lossy())));
        }
        let names: Vec<&str> = kinds.iter().map(|(name, _)| *name).collect();
        for (name, value) in parsed.in_order(&names) {
            let kind = kinds.iter().find(|(other, _)| *other == name).map(|(_, kind)| *kind);
            let text = value.unwrap_or_default().to_string_lossy();
            if let Some(error) = kind.and_then(|kind| kind.error(&text)) {
                return Err(self.refuse(format!("argument --{name}: {error}")));
            }
        }
        Ok(())
    }

    /// The synopsis, with its line ends.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("usage: {}", self.program);
        let (indent, mut width) = match text.len() + 1 {
            behind @ ..=NAME_MAX => (behind, behind - 1),
            _ => {
                text.push('\n');
                (INDENT, 0)
            }
        };
        for piece in self.pieces {
            if width > 0 && width + 1 + piece.len() > WIDTH {
                text.push('\n');
                width = 0;
            }
            if width == 0 {
                text.push_str(&" ".repeat(indent));
                width = indent;
            } else {
                text.push(' ');
                width += 1;
            }
            text.push_str(piece);
            width += piece.len();
        }
        text.push('\n');
        text
    }
}

/// An option and what it is for, in two columns.
pub(crate) fn explained(option: &str, help: &str) -> String {
    const COLUMN: usize = 25;
    let mut text = format!("  {option}");
    let mut width = text.len();
    if width + 2 > COLUMN {
        text.push('\n');
        width = 0;
    }
    text.push_str(&" ".repeat(COLUMN - width));
    width = COLUMN;
    for word in help.split(' ') {
        if width > COLUMN && width + 1 + word.len() > WIDTH {
            text.push('\n');
            text.push_str(&" ".repeat(COLUMN));
            width = COLUMN;
        } else if width > COLUMN {
            text.push(' ');
            width += 1;
        }
        text.push_str(word);
        width += word.len();
    }
    text.push('\n');
    text
}

/// A part of a line that is never broken, and whether a blank follows it.
type Part<'t> = (&'t str, bool);

/// The text in lines of at most `WIDTH` characters; all but the last are filled with blanks.
fn justified(text: &str) -> String {
    let mut lines: Vec<Vec<Part<'_>>> = vec![Vec::new()];
    let mut width = 0;
    for part in text.split(' ').flat_map(at_hyphens) {
        // argparse4j counts the blank, or the line end, behind a word.
        let length = part.0.chars().count() + usize::from(part.1);
        if width > 0 && width + length > WIDTH {
            lines.push(Vec::new());
            width = 0;
        }
        width += length;
        if let Some(line) = lines.last_mut() {
            line.push(part);
        }
    }
    let last = lines.len() - 1;
    let filled = lines.iter().enumerate().map(|(number, line)| fill(line, number == last));
    filled.collect::<Vec<_>>().join("\n")
}

/// A word, cut behind the hyphens that letters follow: there a line may be broken too.
fn at_hyphens(word: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = word;
    let break_in = |text: &str| {
        let mut pairs = text.char_indices().zip(text.chars().skip(1));
        pairs.find(|((_, one), next)| *one == '-' && next.is_alphabetic()).map(|((at, _), _)| at + 1)
    };
    while let Some((head, tail)) = break_in(rest).and_then(|at| rest.split_at_checked(at)) {
        parts.push((head, false));
        rest = tail;
    }
    parts.push((rest, true));
    parts
}

/// One line. The blanks that it lacks go into its gaps, evenly, and what is left over into the middle ones.
fn fill(line: &[Part<'_>], is_last: bool) -> String {
    let gaps = line.iter().rev().skip(1).filter(|(_, gap)| *gap).count();
    let used: usize = line.iter().map(|(text, _)| text.chars().count()).sum::<usize>() + gaps;
    let lacking = if is_last { 0 } else { WIDTH.saturating_sub(used) };
    let (each, left) = (lacking.checked_div(gaps).unwrap_or(0), lacking.checked_rem(gaps).unwrap_or(0));
    let first = (gaps - left).div_ceil(2);
    let mut out = String::new();
    let mut gap = 0;
    for (index, (text, has_gap)) in line.iter().enumerate() {
        out.push_str(text);
        if *has_gap && index + 1 < line.len() {
            let more = usize::from((first..first + left).contains(&gap));
            out.push_str(&" ".repeat(1 + each + more));
            gap += 1;
        }
    }
    out
}

/// The last argument of an option as a number, as argparse takes it.
pub(crate) fn last_number<T: std::str::FromStr>(parsed: &Parsed, name: &str) -> Option<T> {
    parsed.all(name).last().and_then(|text| text.to_string_lossy().parse().ok())
}

/// The last argument of an option.
pub(crate) fn last_text(parsed: &Parsed, name: &str) -> Option<String> {
    parsed.all(name).last().map(|text| text.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_hang_behind_a_short_name() {
        let synopsis = Synopsis {
            program: "verifiable-producer",
            pieces: &["[-h]", "--topic TOPIC", "[--max-messages MAX-MESSAGES]", "[--acks ACKS]"],
        };
        assert_eq!(
            synopsis.text(),
            "usage: verifiable-producer [-h] --topic TOPIC [--max-messages MAX-MESSAGES]\n                           [--acks ACKS]\n",
        );
    }

    #[test]
    fn arguments_are_refused_in_javas_words() {
        assert_eq!(
            Kind::Integer.error("1.5").unwrap(),
            "could not convert '1.5' to Integer (For input string: \"1.5\")"
        );
        assert_eq!(
            Kind::Choice(&[0, 1, -1]).error("2").unwrap(),
            "invalid choice: '2' (choose from {0,1,-1})"
        );
        for (kind, text) in
            [(Kind::Choice(&[0, 1, -1]), "-1"), (Kind::Long, "99999999999"), (Kind::Double, " 1e3 ")]
        {
            assert_eq!(kind.error(text), None);
        }
    }

    #[test]
    fn lines_are_filled_as_argparse4j_fills_them() {
        for (message, expected) in [
            (
                "--num-records should be greater than zero.",
                "t:  error:  --num-records  should  be  greater  than\nzero.",
            ),
            (
                "--reporting-interval should be greater than zero.",
                "t: error:  --reporting-interval  should  be  greater\nthan zero.",
            ),
            (
                "--transaction-duration-ms should be greater than zero.",
                "t:  error:   --transaction-duration-ms   should   be\ngreater than zero.",
            ),
            (
                "argument --print-metrics: ignore implicit argument '3'",
                "t: error: argument  --print-metrics: ignore implicit\nargument '3'",
            ),
            (
                "argument --command-property: expected 1 argument(s)",
                "t: error:  argument  --command-property:  expected 1\nargument(s)",
            ),
            ("unrecognized arguments: '--bogus'", "t: error: unrecognized arguments: '--bogus'"),
        ] {
            let program = "kafka-producer-perf-test";
            assert_eq!(
                justified(&format!("{program}: error: {message}")),
                expected.replacen('t', program, 1),
            );
        }
        let all = justified(
            "kafka-producer-perf-test: error: one of the arguments --record-size --payload-file --payload-monotonic is required",
        );
        let lines: Vec<&str> = all.lines().collect();
        assert!(lines[0].ends_with("--record-size --") && lines[1].starts_with("payload-file"), "{all}");
    }
}
