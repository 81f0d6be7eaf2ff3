//! One condition on a record: whether it holds, how near a record comes to it, and what is different.

use super::json_path::JsonTest;
use crate::cli::error::Failure;
use crate::cli::one_line::shown;
use crate::cli::parse::Parsed;
use crate::types::RecordView;
use regex::bytes::Regex;
use serde_json::Value;
use std::cell::OnceCell;
use std::fmt;
use std::os::unix::ffi::OsStrExt;

/// A condition that holds; what is below is how near it comes.
pub(super) const HOLDS: u32 = 1000;

/// Which of a record's two texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Key,
    Value,
}

#[derive(Clone, Debug)]
pub(super) enum Condition {
    Is(Part, Vec<u8>),
    IsNull(Part),
    Contains(Part, Vec<u8>),
    Matches(Part, Regex),
    Json(Part, JsonTest),
    Header(Vec<u8>, Option<Vec<u8>>),
}

/// A record that is looked at; what several conditions want to know of it is found out once.
pub(super) struct Candidate<'a> {
    pub(super) record: &'a RecordView<'a>,
    key: OnceCell<Option<Value>>,
    value: OnceCell<Option<Value>>,
}

/// The conditions of a command line, in the order of its options.
pub(super) fn conditions(parsed: &Parsed) -> Result<Vec<Condition>, Failure> {
    let regex = |option: &str, text: &str| {
        Regex::new(text).map_err(|error| Failure::misuse(format!("--{option} '{text}': {error}")))
    };
    let mut all = Vec::new();
    for (part, is, is_null, matches, json) in [
        (Part::Key, "key", "null-key", "key-matches", "key-json"),
        (Part::Value, "value", "null-value", "value-matches", "json"),
    ] {
        let wanted = parsed.bytes(is)?.map(|wanted| wanted.as_bytes().to_vec());
        if wanted.is_some() && parsed.has(is_null) {
            return Err(Failure::misuse(format!("--{is} and --{is_null} don't go together")));
        }
        all.extend(wanted.map(|wanted| Condition::Is(part, wanted)));
        if parsed.has(is_null) {
            all.push(Condition::IsNull(part));
        }
        if part == Part::Value {
            let texts = parsed.all("value-contains").map(|text| text.as_bytes().to_vec());
            all.extend(texts.map(|text| Condition::Contains(part, text)));
        }
        for text in parsed.texts(matches) {
            all.push(Condition::Matches(part, regex(matches, &text)?));
        }
        for text in parsed.texts(json) {
            let test = JsonTest::read(&text);
            all.push(Condition::Json(
                part,
                test.map_err(|error| Failure::misuse(format!("--{json} '{text}': {error}")))?,
            ));
        }
    }
    for text in parsed.all("header") {
        let text = text.as_bytes();
        let (name, value) = match memchr::memchr(b'=', text).and_then(|at| text.split_at_checked(at)) {
            Some((name, value)) => (name, value.get(1..)),
            None => (text, None),
        };
        all.push(Condition::Header(name.to_vec(), value.map(<[u8]>::to_vec)));
    }
    Ok(all)
}

impl<'a> Candidate<'a> {
    pub(super) fn new(record: &'a RecordView<'a>) -> Candidate<'a> {
        Candidate { record, key: OnceCell::new(), value: OnceCell::new() }
    }

    fn bytes(&self, part: Part) -> Option<&'a [u8]> {
        match part {
            Part::Key => self.record.key,
            Part::Value => self.record.value,
        }
    }

    fn json(&self, part: Part) -> Option<&Value> {
        let cell = match part {
            Part::Key => &self.key,
            Part::Value => &self.value,
        };
        cell.get_or_init(|| serde_json::from_slice(self.bytes(part)?).ok()).as_ref()
    }

    fn headers(&self, name: &[u8]) -> impl Iterator<Item = Option<&'a [u8]>> {
        self.record.headers.iter().filter(move |header| header.key == name).map(|header| header.value)
    }
}

impl Condition {
    pub(super) fn holds(&self, candidate: &Candidate<'_>) -> bool {
        match self {
            Condition::Is(part, wanted) => candidate.bytes(*part) == Some(wanted),
            Condition::IsNull(part) => candidate.bytes(*part).is_none(),
            Condition::Contains(part, wanted) => {
                candidate.bytes(*part).is_some_and(|bytes| memchr::memmem::find(bytes, wanted).is_some())
            }
            Condition::Matches(part, regex) => {
                candidate.bytes(*part).is_some_and(|bytes| regex.is_match(bytes))
            }
            Condition::Json(part, test) => candidate.json(*part).is_some_and(|document| test.holds(document)),
            Condition::Header(name, wanted) => {
                candidate.headers(name).any(|value| wanted.is_none() || value == wanted.as_deref())
            }
        }
    }

    /// [`HOLDS`], or less the farther the record is from it.
    pub(super) fn nearness(&self, candidate: &Candidate<'_>) -> u32 {
        if self.holds(candidate) {
            return HOLDS;
        }
        match self {
            Condition::Is(part, wanted) => candidate.bytes(*part).map_or(0, |bytes| likeness(bytes, wanted)),
            Condition::Json(part, test) => match candidate.json(*part) {
                Some(document) if test.reaches(document) => HOLDS / 2,
                Some(_) => HOLDS / 10,
                None => 0,
            },
            Condition::Header(name, wanted) => {
                let likenesses = candidate.headers(name).map(|value| {
                    HOLDS / 4 + likeness(value.unwrap_or_default(), wanted.as_deref().unwrap_or_default()) / 2
                });
                likenesses.max().unwrap_or(0)
            }
            Condition::IsNull(_) | Condition::Contains(..) | Condition::Matches(..) => 0,
        }
    }

    /// What is different in a record for which it doesn't hold.
    pub(super) fn difference(&self, candidate: &Candidate<'_>) -> String {
        match self {
            Condition::Is(part, wanted) => {
                format!("{part} is {}, not {}", shown(candidate.bytes(*part)), shown(Some(wanted)))
            }
            Condition::IsNull(part) => format!("{part} is {}, not null", shown(candidate.bytes(*part))),
            Condition::Contains(part, wanted) => format!("{part} doesn't contain {}", shown(Some(wanted))),
            Condition::Matches(part, regex) => format!("{part} doesn't match '{regex}'"),
            Condition::Json(part, test) => match candidate.json(*part) {
                Some(document) => test.difference(document),
                None => format!("{part} is no JSON"),
            },
            Condition::Header(name, wanted) => {
                let name = shown(Some(name));
                match (candidate.headers(self.header_name()).last(), wanted) {
                    (Some(value), Some(wanted)) => {
                        format!("header {name} is {}, not {}", shown(value), shown(Some(wanted)))
                    }
                    _ => format!("there is no header {name}"),
                }
            }
        }
    }

    fn header_name(&self) -> &[u8] {
        match self {
            Condition::Header(name, _) => name,
            _ => &[],
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Condition::Is(part, wanted) => write!(f, "{part} is {}", shown(Some(wanted))),
            Condition::IsNull(part) => write!(f, "{part} is null"),
            Condition::Contains(part, wanted) => write!(f, "{part} contains {}", shown(Some(wanted))),
            Condition::Matches(part, regex) => write!(f, "{part} matches '{regex}'"),
            Condition::Json(Part::Key, test) => write!(f, "key: {test}"),
            Condition::Json(Part::Value, test) => test.fmt(f),
            Condition::Header(name, None) => write!(f, "there is a header {}", shown(Some(name))),
            Condition::Header(name, Some(wanted)) => {
                write!(f, "header {} is {}", shown(Some(name)), shown(Some(wanted)))
            }
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Part::Key => "key",
            Part::Value => "value",
        })
    }
}

/// How much of two texts is the same at their beginnings and ends: 0 to less than [`HOLDS`].
fn likeness(one: &[u8], other: &[u8]) -> u32 {
    let longest = one.len().max(other.len());
    let shortest = one.len().min(other.len());
    let before = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    let left = shortest.saturating_sub(before);
    let behind =
        one.iter().rev().zip(other.iter().rev()).take(left).take_while(|(one, other)| one == other).count();
    let share = (before + behind).saturating_mul(900).checked_div(longest).unwrap_or(0);
    u32::try_from(share).unwrap_or(0).min(HOLDS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Headers, Offset, TimestampMs, TimestampType};

    fn record<'a>(key: Option<&'a [u8]>, value: Option<&'a [u8]>) -> RecordView<'a> {
        let (timestamp, timestamp_type) = (TimestampMs(0), TimestampType::Create);
        // One header: a=b.
        let headers = Headers::new(1, &[2, b'a', 2, b'b']);
        RecordView { offset: Offset::ZERO, timestamp, timestamp_type, key, value, headers }
    }

    fn read(line: &[&str]) -> Result<Vec<Condition>, Failure> {
        let words: Vec<_> = line.iter().map(std::ffi::OsString::from).collect();
        conditions(&Parsed::read(&(super::super::TOOL.command)(), &words, Failure::as_misuse).unwrap())
    }

    #[test]
    fn conditions_hold_or_say_what_is_different() {
        let record = record(Some(b"k1"), Some(br#"{"n":1}"#));
        for (line, difference) in [
            (["--key", "k1"], None),
            (["--key", "k2"], Some("key is 'k1', not 'k2'")),
            (["--key-matches", "^k"], None),
            (["--value-contains", "n\":2"], Some("value doesn't contain 'n\":2'")),
            (["--value-matches", "n.*1"], None),
            (["--json", ".n=1"], None),
            (["--json", ".n=2"], Some(".n is 1, not 2")),
            (["--key-json", ".n=2"], Some("key is no JSON")),
            (["--header", "a"], None),
            (["--header", "a=b"], None),
            (["--header", "a=c"], Some("header 'a' is 'b', not 'c'")),
            (["--header", "x=c"], Some("there is no header 'x'")),
        ] {
            let all = read(&line).unwrap();
            let candidate = Candidate::new(&record);
            assert_eq!(all.len(), 1);
            assert_eq!(all[0].holds(&candidate), difference.is_none(), "{line:?}");
            if let Some(difference) = difference {
                assert_eq!(all[0].difference(&candidate), difference);
                assert!(all[0].nearness(&candidate) < HOLDS);
            }
        }
        assert!(
            read(&["--null-value"]).unwrap()[0].difference(&Candidate::new(&record)).ends_with("not null")
        );
    }

    #[test]
    fn texts_that_share_more_are_nearer() {
        assert!(likeness(b"order-41", b"order-42") > likeness(b"orders", b"order-42"));
        assert!(likeness(b"order-41", b"order-42") > likeness(b"x", b"order-42"));
        assert_eq!(likeness(b"", b""), 0);
        assert!(likeness(b"aa", b"aaa") < HOLDS);
    }

    #[test]
    fn what_can_not_be_read_is_refused() {
        for bad in [
            &["--value-matches", "("][..],
            &["--json", "=1"],
            &["--key", "a", "--key", "b"],
            &["--key", "a", "--null-key"],
        ] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
