//! `PATH=VALUE`: where to look in a JSON value, and what is expected there. Paths are a small part of jq's, or JSON pointers.

use regex::Regex;
use serde_json::Value;
use std::cmp::Ordering;
use std::fmt;

/// A test of one place in a JSON value.
#[derive(Clone, Debug)]
pub(super) struct JsonTest {
    /// As it was typed.
    path: String,
    steps: Vec<Step>,
    wanted: Wanted,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Field(String),
    /// From the end if negative.
    Index(i64),
    /// A part of a JSON pointer: a field, or in an array an index.
    Part(String),
    /// Every element.
    Each,
}

#[derive(Clone, Debug)]
enum Wanted {
    Anything,
    Compared(Comparison, Value),
    Matching(Regex),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// The operators; of two that begin alike the longer one comes first.
const OPERATORS: [(&str, Comparison); 7] = [
    ("==", Comparison::Equal),
    ("=", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::LessOrEqual),
    ("<", Comparison::Less),
    (">=", Comparison::GreaterOrEqual),
    (">", Comparison::Greater),
];

/// Text that is no test.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadTest {
    #[error("'{0}' is no path such as .user.id or .items[0]")]
    Path(String),
    #[error("{0}")]
    Regex(String),
    #[error("it has no PATH before the value; the whole is '.'")]
    NoPath,
}

impl JsonTest {
    pub(super) fn read(text: &str) -> Result<JsonTest, BadTest> {
        let (path, rest) = text.split_at_checked(path_length(text)).unwrap_or((text, ""));
        if path.is_empty() {
            return Err(BadTest::NoPath);
        }
        let wanted = if let Some(pattern) = rest.strip_prefix('~') {
            Wanted::Matching(Regex::new(pattern).map_err(|error| BadTest::Regex(error.to_string()))?)
        } else {
            let found =
                OPERATORS.iter().find_map(|(sign, comparison)| Some((rest.strip_prefix(sign)?, *comparison)));
            match found {
                Some((value, comparison)) => {
                    let value =
                        serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
                    Wanted::Compared(comparison, value)
                }
                None => Wanted::Anything,
            }
        };
        let steps = steps(path).ok_or_else(|| BadTest::Path(path.to_owned()))?;
        Ok(JsonTest { path: path.to_owned(), steps, wanted })
    }

    pub(super) fn holds(&self, document: &Value) -> bool {
        self.found(document).into_iter().any(|value| self.is_met_by(value))
    }

    /// Whether there is something at the path.
    pub(super) fn reaches(&self, document: &Value) -> bool {
        !self.found(document).is_empty()
    }

    /// Why it doesn't hold.
    pub(super) fn difference(&self, document: &Value) -> String {
        let found = self.found(document);
        let path = &self.path;
        match (found.as_slice(), &self.wanted) {
            ([], _) => format!("there is no {path}"),
            ([value], Wanted::Compared(Comparison::Equal, wanted)) => {
                format!("{path} is {value}, not {wanted}")
            }
            ([value], _) => format!("{path} is {value}"),
            (several, _) => format!("{path} is none of the {} that are there", several.len()),
        }
    }

    fn is_met_by(&self, value: &Value) -> bool {
        match &self.wanted {
            Wanted::Anything => true,
            Wanted::Matching(regex) => match value {
                Value::String(text) => regex.is_match(text),
                other => regex.is_match(&other.to_string()),
            },
            Wanted::Compared(Comparison::Equal, wanted) => is_equal(value, wanted),
            Wanted::Compared(Comparison::NotEqual, wanted) => !is_equal(value, wanted),
            Wanted::Compared(comparison, wanted) => {
                order(value, wanted).is_some_and(|order| match comparison {
                    Comparison::Less => order.is_lt(),
                    Comparison::LessOrEqual => order.is_le(),
                    Comparison::Greater => order.is_gt(),
                    _ => order.is_ge(),
                })
            }
        }
    }

    fn found<'v>(&self, document: &'v Value) -> Vec<&'v Value> {
        let mut found = vec![document];
        for step in &self.steps {
            found = found.into_iter().flat_map(|value| step.from(value)).collect();
        }
        found
    }
}

impl fmt::Display for JsonTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.wanted {
            Wanted::Anything => write!(f, "there is {path}"),
            Wanted::Matching(regex) => write!(f, "{path} matches '{regex}'"),
            Wanted::Compared(comparison, wanted) => {
                let sign = OPERATORS
                    .iter()
                    .rev()
                    .find(|(_, other)| other == comparison)
                    .map_or("=", |(sign, _)| sign);
                write!(f, "{path} {sign} {wanted}")
            }
        }
    }
}

impl Step {
    fn from<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        match (self, value) {
            (Step::Each, Value::Array(items)) => items.iter().collect(),
            (Step::Each, Value::Object(fields)) => fields.values().collect(),
            (Step::Each, _) => Vec::new(),
            (Step::Field(name), value) => value.get(name).into_iter().collect(),
            (Step::Index(index), Value::Array(items)) => {
                let from_end =
                    usize::try_from(index.unsigned_abs()).ok().and_then(|back| items.len().checked_sub(back));
                let at = if *index < 0 { from_end } else { usize::try_from(*index).ok() };
                at.and_then(|at| items.get(at)).into_iter().collect()
            }
            (Step::Index(_), _) => Vec::new(),
            (Step::Part(part), Value::Array(items)) => {
                part.parse().ok().and_then(|at: usize| items.get(at)).into_iter().collect()
            }
            (Step::Part(part), value) => value.get(part).into_iter().collect(),
        }
    }
}

/// How many bytes of a test are its path: up to the first operator that isn't within quotes.
fn path_length(text: &str) -> usize {
    let mut quoted = false;
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '=' | '!' | '<' | '>' | '~' if !quoted => return at,
            _ => {}
        }
    }
    text.len()
}

fn steps(path: &str) -> Option<Vec<Step>> {
    if let Some(pointer) = path.strip_prefix('/') {
        let parts = pointer.split('/').map(|part| Step::Part(part.replace("~1", "/").replace("~0", "~")));
        return Some(parts.collect());
    }
    let mut steps = Vec::new();
    let mut rest = path.strip_prefix('.').unwrap_or(path);
    while !rest.is_empty() {
        if let Some(bracket) = rest.strip_prefix('[') {
            let (step, behind) = bracketed(bracket)?;
            steps.push(step);
            rest = behind;
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (name, behind) = rest.split_at_checked(end)?;
            if name.is_empty() || name.contains([']', '"']) {
                return None;
            }
            steps.push(Step::Field(name.to_owned()));
            rest = behind;
        }
        if let Some(behind) = rest.strip_prefix('.') {
            if behind.is_empty() {
                return None;
            }
            rest = behind;
        }
    }
    Some(steps)
}

/// What is behind a '[': an index, nothing, or a quoted name; then what follows the ']'.
fn bracketed(text: &str) -> Option<(Step, &str)> {
    if text.starts_with('"') {
        let mut names = serde_json::Deserializer::from_str(text).into_iter::<String>();
        let name = names.next()?.ok()?;
        let behind = text.get(names.byte_offset()..)?;
        return Some((Step::Field(name), behind.strip_prefix(']')?));
    }
    let (inside, behind) = text.split_once(']')?;
    let step = if inside.is_empty() { Step::Each } else { Step::Index(inside.parse().ok()?) };
    Some((step, behind))
}

/// Equality of JSON, in which 1 and 1.0 are the same number and the order of fields is none.
fn is_equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(_), Value::Number(_)) => order(one, other) == Some(Ordering::Equal),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let same = |(name, value)| other.get(name).is_some_and(|other| is_equal(value, other));
            one.len() == other.len() && one.iter().all(same)
        }
        _ => one == other,
    }
}

fn order(one: &Value, other: &Value) -> Option<Ordering> {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => match (one.as_i128(), other.as_i128()) {
            (Some(one), Some(other)) => Some(one.cmp(&other)),
            _ => one.as_f64()?.partial_cmp(&other.as_f64()?),
        },
        (Value::String(one), Value::String(other)) => Some(one.cmp(other)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tests_hold_where_they_should() {
        let document = json!({
            "id": 42, "total": 98.5, "state": "paid", "big": 9_007_199_254_740_993_i64, "none": null,
            "user": {"id": "42", "odd.name": true}, "items": [{"name": "tea", "n": 1}, {"name": "cup", "n": 2}],
        });
        for holds in [
            ".id=42",
            "id=42",
            ".id==42.0",
            ".id!=43",
            ".total>98",
            ".total<=98.5",
            ".state=paid",
            ".state=\"paid\"",
            ".user.id=\"42\"",
            ".user[\"odd.name\"]=true",
            ".[\"id\"]=42",
            ".items[0].name=tea",
            ".items[-1].n=2",
            ".items[].name=cup",
            ".items[1]={\"n\":2,\"name\":\"cup\"}",
            "/items/0/name=tea",
            "/user/odd.name=true",
            ".none",
            ".none=null",
            ".state~^pa",
            ".id~^4",
            ".big=9007199254740993",
            ".big!=9007199254740992",
            ".user",
        ] {
            assert!(JsonTest::read(holds).unwrap().holds(&document), "{holds}");
        }
        for fails in [
            ".id=\"42\"",
            ".user.id=42",
            ".missing",
            ".items[2]",
            ".items[-3]",
            ".state>1",
            ".id.x=1",
            ".state~^x",
        ] {
            assert!(!JsonTest::read(fails).unwrap().holds(&document), "{fails}");
        }
        assert!(JsonTest::read(".=1").unwrap().holds(&json!(1)));
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for bad in ["=1", "", ".a..b=1", ".a[x]=1", ".a[1", ".a.", "a]=1", ".x~("] {
            assert!(JsonTest::read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_difference_says_what_is_there() {
        let document = json!({"a": 1, "b": [1, 2]});
        let told = |test: &str| JsonTest::read(test).unwrap().difference(&document);
        assert_eq!(told(".a=2"), ".a is 1, not 2");
        assert_eq!(told(".a>2"), ".a is 1");
        assert_eq!(told(".c=2"), "there is no .c");
        assert_eq!(told(".b[]=3"), ".b[] is none of the 2 that are there");
        assert_eq!(JsonTest::read(".a==x").unwrap().to_string(), ".a = \"x\"");
    }
}
