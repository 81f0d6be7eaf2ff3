//! A record as environment variables: what a command that is run for it finds out about it beside its value.
//!
//! | variable | |
//! |---|---|
//! | `KT_RECORD_TOPIC`, `_PARTITION`, `_OFFSET`, `_TIMESTAMP` (ms) | where it is from, and its time |
//! | `KT_RECORD_KEY` | its key as it is; not set for null |
//! | `KT_RECORD_TOMBSTONE` | `1` if its value is null; not set otherwise |
//! | `KT_RECORD_HEADER_NAME` | the last header of that name: capitals, all but ASCII letters and digits as `_`; not set for null |
//! | `KT_RECORD_HEADERS` | all headers in order, a JSON array of `{"key":…,"value":…}` |
//! | `KT_RECORD_ATTEMPT` | 1 for the first run, one more for each retry |
//!
//! Bytes that are no UTF-8 pass unchanged, but a NUL can't stand in an environment: a key or a header's value with one in
//! it is given as `KT_RECORD_KEY_BASE64`, `KT_RECORD_HEADER_NAME_BASE64` instead (in JSON `"base64"` takes the place of
//! `"value"` for all that is no UTF-8). What is too long for the system is left out, and `KT_RECORD_OMITTED` lists the
//! names of what was. Knows no process.

use super::record::OwnedRecord;
use crate::cli::records::base64;
use crate::types::Header;
use serde_json::{Value, json};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// What the names of all variables begin with. None of them is inherited.
const PREFIX: &str = "KT_RECORD_";
/// Linux takes up to 128 KiB for name and value of one variable.
const VARIABLE_BYTES_MAX: usize = 120 * 1024;
/// macOS takes 1 MiB for everything, the arguments and what kt itself was given included.
const VARIABLES_BYTES_MAX: usize = 384 * 1024;

/// The variables of one run, in the order they are set; of equal names the last counts.
#[derive(Debug, Default)]
pub(super) struct Variables {
    set: Vec<(OsString, OsString)>,
    size_bytes: usize,
    omitted: Vec<String>,
}

impl Variables {
    /// The variables for the run number `attempt`, counted from 1.
    pub(super) fn of(record: &OwnedRecord, attempt: u32) -> Variables {
        let mut variables = Variables::default();
        variables.set("TOPIC", record.partition.topic.as_bytes());
        variables.set("PARTITION", record.partition.partition.to_string().as_bytes());
        variables.set("OFFSET", record.offset.to_string().as_bytes());
        variables.set("TIMESTAMP", record.timestamp.to_string().as_bytes());
        variables.set("ATTEMPT", attempt.to_string().as_bytes());
        if record.value.is_none() {
            variables.set("TOMBSTONE", b"1");
        }
        if let Some(key) = &record.key {
            variables.set("KEY", key);
        }
        let headers: Vec<Header<'_>> = record.headers().collect();
        for (index, header) in headers.iter().enumerate() {
            let name = header_name(header.key);
            let is_last = !headers.iter().skip(index + 1).any(|later| header_name(later.key) == name);
            if let (true, Some(value)) = (is_last, header.value) {
                variables.set(&name, value);
            }
        }
        let array = Value::Array(headers.iter().map(header_json).collect());
        variables.set("HEADERS", array.to_string().as_bytes());
        if !variables.omitted.is_empty() {
            let names = variables.omitted.join(" ");
            variables.set("OMITTED", names.as_bytes());
        }
        variables
    }

    fn set(&mut self, name: &str, value: &[u8]) {
        let (name, value) = match memchr::memchr(0, value) {
            None => (format!("{PREFIX}{name}"), value.to_vec()),
            Some(_) => (format!("{PREFIX}{name}_BASE64"), base64(value).into_bytes()),
        };
        let size_bytes = name.len() + value.len() + 2;
        if size_bytes > VARIABLE_BYTES_MAX || self.size_bytes + size_bytes > VARIABLES_BYTES_MAX {
            self.omitted.push(name);
            return;
        }
        self.size_bytes += size_bytes;
        self.set.push((name.into(), OsString::from_vec(value)));
    }
}

impl IntoIterator for Variables {
    type Item = (OsString, OsString);
    type IntoIter = std::vec::IntoIter<(OsString, OsString)>;

    fn into_iter(self) -> Self::IntoIter {
        self.set.into_iter()
    }
}

/// Whether a variable of this name tells of a record: of another one, if it is inherited.
pub(super) fn is_of_record(name: &OsStr) -> bool {
    name.as_bytes().starts_with(PREFIX.as_bytes())
}

fn header_name(key: &[u8]) -> String {
    let legal =
        |byte: &u8| if byte.is_ascii_alphanumeric() { char::from(byte.to_ascii_uppercase()) } else { '_' };
    let name: String = key.iter().map(legal).collect();
    format!("HEADER_{name}")
}

fn header_json(header: &Header<'_>) -> Value {
    let key = String::from_utf8_lossy(header.key);
    match header.value.map(|value| (value, std::str::from_utf8(value))) {
        None => json!({ "key": key, "value": null }),
        Some((_, Ok(text))) => json!({ "key": key, "value": text }),
        Some((bytes, Err(_))) => json!({ "key": key, "base64": base64(bytes) }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::{record, with_headers};
    use super::*;

    fn value(variables: &Variables, name: &str) -> Option<Vec<u8>> {
        let last = variables.set.iter().rev().find(|(set, _)| set == &*format!("KT_RECORD_{name}"));
        last.map(|(_, value)| value.as_bytes().to_vec())
    }

    #[test]
    fn bytes_pass_as_they_are_where_they_can() {
        for (key, variable, expected) in [
            (Some(&b"k 1"[..]), "KEY", Some(&b"k 1"[..])),
            (Some(b""), "KEY", Some(b"")),
            (Some(b"\xff\xfe="), "KEY", Some(b"\xff\xfe=")),
            (Some(b"\0\0\0\x07"), "KEY", None),
            (Some(b"\0\0\0\x07"), "KEY_BASE64", Some(b"AAAABw==")),
            (None, "KEY", None),
            (None, "KEY_BASE64", None),
        ] {
            let variables = Variables::of(&record(3, 7, key), 2);
            assert_eq!(value(&variables, variable).as_deref(), expected, "{key:?} {variable}");
            assert_eq!(value(&variables, "OFFSET").unwrap(), b"7");
            assert_eq!(value(&variables, "PARTITION").unwrap(), b"3");
            assert_eq!(value(&variables, "ATTEMPT").unwrap(), b"2");
            assert_eq!(value(&variables, "TOMBSTONE"), None);
        }
        let mut null = record(0, 0, None);
        null.value = None;
        assert_eq!(value(&Variables::of(&null, 1), "TOMBSTONE").unwrap(), b"1");
    }

    #[test]
    fn headers_become_names_that_an_environment_can_have() {
        let record = with_headers(
            0,
            0,
            None,
            &[
                (b"trace-id", Some(b"1")),
                (b"trace=id", Some(b"2")),
                (b"gone", Some(b"x")),
                (b"gone", None),
                ("größe".as_bytes(), Some(b"\xff")),
                (b"n", Some(b"a\0b")),
            ],
        );
        let variables = Variables::of(&record, 1);
        assert_eq!(value(&variables, "HEADER_TRACE_ID").unwrap(), b"2");
        assert_eq!(value(&variables, "HEADER_GONE"), None);
        assert_eq!(value(&variables, "HEADER_GR____E").unwrap(), b"\xff");
        assert_eq!(value(&variables, "HEADER_N_BASE64").unwrap(), b"YQBi");
        let json = "[{\"key\":\"trace-id\",\"value\":\"1\"},{\"key\":\"trace=id\",\"value\":\"2\"},\
                    {\"key\":\"gone\",\"value\":\"x\"},{\"key\":\"gone\",\"value\":null},\
                    {\"key\":\"größe\",\"base64\":\"/w==\"},{\"key\":\"n\",\"value\":\"a\\u0000b\"}]";
        assert_eq!(value(&variables, "HEADERS").unwrap(), json.as_bytes());
    }

    #[test]
    fn what_is_too_long_is_named_instead() {
        let long = vec![b'x'; VARIABLE_BYTES_MAX];
        let part = vec![b'y'; VARIABLE_BYTES_MAX - 100];
        let headers: Vec<(&[u8], Option<&[u8]>)> =
            vec![(b"a", Some(&part)), (b"b", Some(&part)), (b"c", Some(&part)), (b"d", Some(&part))];
        let variables = Variables::of(&with_headers(0, 0, Some(&long), &headers), 1);
        assert_eq!(value(&variables, "KEY"), None);
        assert!(value(&variables, "HEADER_A").is_some() && value(&variables, "HEADER_D").is_none());
        let omitted = value(&variables, "OMITTED").unwrap();
        assert_eq!(omitted, b"KT_RECORD_KEY KT_RECORD_HEADER_D KT_RECORD_HEADERS");
    }
}
