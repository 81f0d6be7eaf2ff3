//! What differs from run to run, and between Kafka and kt on purpose, is replaced or dropped before comparison:
//! topic ids, member ids, times, log lines and the option table after a usage error.

use regex::Regex;
use std::fmt::Write;
use std::sync::LazyLock;

/// Pattern and replacement, applied to each line in this order.
static VOLATILE: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (r"\b(TopicId: |topic-id |topicId[=:] ?)[A-Za-z0-9_-]{22}", "${1}<TOPIC_ID>"),
        (
            r"\b((?:console-consumer|consumer|member|kt)[A-Za-z0-9_.-]*?-)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
            "<MEMBER_ID>",
        ),
        (r"\bconsole-consumer-\d{1,6}\b", "console-consumer-<N>"),
        (r"\b(1[789]|20)\d{11}\b", "<TIMESTAMP>"),
        (r"\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,:]\d{3}Z?\b", "<DATETIME>"),
    ]
    .map(|(pattern, replacement)| (Regex::new(pattern).unwrap(), replacement))
    .into()
});

/// A line of log4j or of a Java stack trace.
static LOG_LINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x) ^\[\d{4}-\d\d-\d\d\ \d\d:\d\d:\d\d,\d+\]\ 
             | ^\ \((org\.apache\.)?kafka\.[A-Za-z.]+\)$
             | ^\tat\  | ^\t\.\.\.\ \d+\ more | ^\tSuppressed:\  | ^Caused\ by:\ 
             | ^(org\.apache\.|java\.|kafka\.|joptsimple\.|com\.fasterxml\.)[A-Za-z.]+(Exception|Error)(:|$)",
    )
    .unwrap()
});

/// The head of an option table; it and all that follows is left out, for kt's tables are its own.
static USAGE_TABLE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^Option( \(\* = required\))?\s+Description\s*$|^usage: ").unwrap());

/// The lines of `output`, with log lines and usage tables dropped and volatile text replaced. A final line
/// without its end counts; bytes that are not UTF-8 become `\xNN`.
pub(crate) fn normalize(output: &[u8]) -> Vec<String> {
    let text = readable(output);
    lines(&text)
        .into_iter()
        .take_while(|line| !USAGE_TABLE.is_match(line))
        .filter(|line| !LOG_LINE.is_match(line))
        .map(|line| {
            VOLATILE.iter().fold(line.trim_end_matches('\r').to_owned(), |line, (pattern, replacement)| {
                pattern.replace_all(&line, *replacement).into_owned()
            })
        })
        .collect()
}

/// The lines of `text`, without their ends; no empty one after the last line end.
pub(crate) fn lines(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.split('\n').collect();
    if lines.last() == Some(&"") {
        lines.pop();
    }
    lines
}

/// Whether `got` is `want`, where a line of three dots stands for any number of lines.
pub(crate) fn matches(want: &[String], got: &[String]) -> bool {
    match want.split_first() {
        None => got.is_empty(),
        Some((dots, rest)) if dots == "..." => (0..=got.len()).any(|skipped| matches(rest, &got[skipped..])),
        Some((line, rest)) => {
            got.split_first().is_some_and(|(first, got)| first == line && matches(rest, got))
        }
    }
}

/// `want` and `got` below one another, with the lines that only one of them has marked `-` and `+`.
pub(crate) fn unified(want: &[String], got: &[String]) -> String {
    let mut diff = String::from("    --- expected\n    +++ kt\n");
    let (mut w, mut g) = (0, 0);
    for (common_w, common_g) in common_lines(want, got).into_iter().chain([(want.len(), got.len())]) {
        want[w..common_w].iter().for_each(|line| writeln!(diff, "    -{line}").unwrap());
        got[g..common_g].iter().for_each(|line| writeln!(diff, "    +{line}").unwrap());
        if let Some(line) = want.get(common_w) {
            writeln!(diff, "     {line}").unwrap();
        }
        (w, g) = (common_w + 1, common_g + 1);
    }
    diff
}

/// The indices of a longest common subsequence of lines; only a common prefix and suffix when the two are huge.
fn common_lines(want: &[String], got: &[String]) -> Vec<(usize, usize)> {
    const CELLS_MAX: usize = 4_000_000;
    if want.len() * got.len() > CELLS_MAX {
        return want.iter().zip(got).take_while(|(w, g)| w == g).enumerate().map(|(i, _)| (i, i)).collect();
    }
    let mut length = vec![vec![0_usize; got.len() + 1]; want.len() + 1];
    for w in (0..want.len()).rev() {
        for g in (0..got.len()).rev() {
            length[w][g] = match want[w] == got[g] {
                true => length[w + 1][g + 1] + 1,
                false => length[w + 1][g].max(length[w][g + 1]),
            };
        }
    }
    let (mut w, mut g, mut common) = (0, 0, Vec::new());
    while w < want.len() && g < got.len() {
        if want[w] == got[g] {
            common.push((w, g));
            (w, g) = (w + 1, g + 1);
        } else if length[w + 1][g] >= length[w][g + 1] {
            w += 1;
        } else {
            g += 1;
        }
    }
    common
}

fn readable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| write!(text, "\\x{byte:02x}").unwrap());
    }
    text
}

#[test]
fn three_dots_stand_for_any_lines() {
    let owned = |text: &str| -> Vec<String> { lines(text).into_iter().map(str::to_owned).collect() };
    for (want, got, same) in [
        ("a\nb\n", "a\nb\n", true),
        ("a\n", "a\nb\n", false),
        ("...\n", "", true),
        ("a\n...\nd\n", "a\nb\nc\nd\n", true),
        ("a\n...\nd\n", "a\nb\nc\n", false),
        ("...\nb\n...\n", "a\nb\n", true),
    ] {
        assert_eq!(matches(&owned(want), &owned(got)), same, "{want:?} and {got:?}");
    }
}
