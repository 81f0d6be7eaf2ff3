//! Usage errors as Kafka's tools print them that parse with argparse4j: the synopsis, then `PROGRAM: error: MESSAGE`, broken at
//! 75 columns and justified. Knows no tool.

use super::error::Failure;

/// Where argparse4j breaks lines when standard error is no terminal.
const WIDTH: usize = 75;
const INDENT: usize = 7;

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

    fn text(&self) -> String {
        let mut text = format!("usage: {}\n", self.program);
        let mut width = 0;
        for piece in self.pieces {
            if width > 0 && width + 1 + piece.len() > WIDTH {
                text.push('\n');
                width = 0;
            }
            if width == 0 {
                text.push_str(&" ".repeat(INDENT));
                width = INDENT;
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

/// A part of a line that is never broken, and whether a blank follows it.
type Part<'t> = (&'t str, bool);

/// The text in lines of at most `WIDTH` characters; all but the last are filled with blanks.
fn justified(text: &str) -> String {
    let mut lines: Vec<Vec<Part<'_>>> = vec![Vec::new()];
    let mut width = 0;
    let mut parts = text.split(' ').flat_map(at_hyphens).peekable();
    while let Some(part) = parts.next() {
        // argparse4j counts the line end behind the last word.
        let length = part.0.chars().count() + usize::from(parts.peek().is_none());
        if width > 0 && width + length > WIDTH {
            lines.push(Vec::new());
            width = 0;
        }
        width += part.0.chars().count() + usize::from(part.1);
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

#[cfg(test)]
mod tests {
    use super::*;

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
