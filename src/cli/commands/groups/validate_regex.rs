//! `--validate-regex`: whether a regular expression is one that brokers take (RE2's syntax).

use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use std::io::Write;

/// Words of the regex crate for what is wrong, and RE2's for the same.
const WORDS: [(&str, &str); 6] = [
    ("unclosed group", "missing closing )"),
    ("unopened group", "unexpected )"),
    ("unclosed character class", "missing closing ]"),
    ("repetition operator missing expression", "missing argument to repetition operator"),
    ("invalid character class range", "invalid character class range"),
    ("incomplete escape sequence", "trailing backslash at end of expression"),
];

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let text = parsed.text("validate-regex")?.unwrap_or_default();
    let answer = match regex::Regex::new(&text) {
        Ok(_) => return Ok(writeln!(context.stdout, "{}", valid(&text)).map(|()| Status::SUCCESS)?),
        Err(error) => format!("The regular expression `{text}` is invalid: {}.", reason(&error)),
    };
    writeln!(context.stdout, "{answer}")?;
    Ok(if context.is_kafka() { Status::SUCCESS } else { Status::FAILURE })
}

fn valid(text: &str) -> String {
    format!("The regular expression `{text}` is valid.")
}

fn reason(error: &regex::Error) -> String {
    let message = error.to_string();
    let known = WORDS.iter().find(|(ours, _)| message.contains(ours)).map(|(_, theirs)| (*theirs).to_owned());
    known.unwrap_or_else(|| {
        // The last line of the crate's message is the reason, after a drawing of where it went wrong.
        let last = message.lines().last().unwrap_or_default();
        last.strip_prefix("error: ").unwrap_or(last).to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_in_the_words_of_re2() {
        let reason_of = |text: &str| reason(&regex::Regex::new(text).unwrap_err());
        assert_eq!(reason_of("(a"), "missing closing )");
        assert_eq!(reason_of("a)"), "unexpected )");
        assert_eq!(reason_of("[a"), "missing closing ]");
        assert_eq!(reason_of("*a"), "missing argument to repetition operator");
        assert_eq!(reason_of("a\\"), "trailing backslash at end of expression");
    }
}
