//! `LineMessageReader`: the parts of a line as a record's headers, key and value. Slices of the line, nothing is copied; bytes that
//! are no UTF-8 pass unchanged. Knows neither files nor producers. Source: spec of the console tools, "The line reader".

use crate::cli::config::Properties;
use crate::cli::java_regex;
use crate::types::Header;
use memchr::memmem;

/// How lines are taken apart (`--reader-property`).
pub(crate) struct LineReader {
    parse_key: bool,
    parse_headers: bool,
    key_separator: Vec<u8>,
    headers_delimiter: Vec<u8>,
    headers_separator: Separator,
    headers_key_separator: Vec<u8>,
    ignore_error: bool,
    null_marker: Option<Vec<u8>>,
}

/// Between headers: Kafka takes it for a regular expression, which it rarely is.
enum Separator {
    /// The usual one: headers are split without allocating.
    Byte(u8),
    Literal(Vec<u8>),
    Pattern(regex::bytes::Regex),
}

/// Reader properties that can't be used together or at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidReader {
    #[error("{0} and {1} may not be equal")]
    Equal(&'static str, &'static str),
    #[error("headers.separator: {0}")]
    Pattern(#[from] java_regex::InvalidRegex),
}

/// `None` is null.
type KeyAndValue<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);

/// A line that doesn't have the parts it should have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadLine {
    #[error("no key separator")]
    NoKeySeparator,
    #[error("no headers delimiter")]
    NoHeadersDelimiter,
    #[error("a header without its key separator")]
    NoHeaderKeySeparator,
    #[error("a header's key equals the null marker")]
    NullHeaderKey,
}

impl LineReader {
    pub(crate) fn new(properties: &Properties) -> Result<LineReader, InvalidReader> {
        let bytes = |key: &str, default: &[u8]| properties.get(key).unwrap_or(default).to_vec();
        let headers_separator = bytes("headers.separator", b",");
        let reader = LineReader {
            parse_key: properties.is_true("parse.key").unwrap_or(false),
            parse_headers: properties.is_true("parse.headers").unwrap_or(false),
            key_separator: bytes("key.separator", b"\t"),
            headers_delimiter: bytes("headers.delimiter", b"\t"),
            headers_separator: Separator::new(&headers_separator)?,
            headers_key_separator: bytes("headers.key.separator", b":"),
            ignore_error: properties.is_true("ignore.error").unwrap_or(false),
            null_marker: properties.get("null.marker").map(<[u8]>::to_vec),
        };
        reader.check_distinct(&headers_separator)?;
        Ok(reader)
    }

    fn check_distinct(&self, headers_separator: &[u8]) -> Result<(), InvalidReader> {
        let delimiter = ("headers.delimiter", self.headers_delimiter.as_slice());
        let separator = ("headers.separator", headers_separator);
        let key_separator = ("headers.key.separator", self.headers_key_separator.as_slice());
        let mut pairs = vec![(delimiter, separator), (delimiter, key_separator), (separator, key_separator)];
        if let Some(marker) = &self.null_marker {
            let marker = ("null.marker", marker.as_slice());
            let key = ("key.separator", self.key_separator.as_slice());
            pairs.extend([(marker, key), (marker, delimiter), (marker, separator), (marker, key_separator)]);
        }
        match pairs.into_iter().find(|((_, a), (_, b))| a == b) {
            Some(((a, _), (b, _))) => Err(InvalidReader::Equal(a, b)),
            None => Ok(()),
        }
    }

    /// The key and value of a line; its headers are put into `headers`, which is emptied first.
    #[inline]
    pub(crate) fn read<'a>(
        &self,
        line: &'a [u8],
        headers: &mut Vec<Header<'a>>,
    ) -> Result<KeyAndValue<'a>, BadLine> {
        headers.clear();
        let mut rest = line;
        if self.parse_headers {
            match self.cut(&mut rest, &self.headers_delimiter) {
                Some(part) => self.read_headers(part, headers)?,
                None if self.ignore_error => {}
                None => return Err(BadLine::NoHeadersDelimiter),
            }
        }
        let mut key = None;
        if self.parse_key {
            match self.cut(&mut rest, &self.key_separator) {
                Some(part) => key = self.unless_null(part),
                None if self.ignore_error => {}
                None => return Err(BadLine::NoKeySeparator),
            }
        }
        Ok((key, self.unless_null(rest)))
    }

    /// Cuts off what comes before `separator`, and the separator; `None` if there is none.
    fn cut<'a>(&self, rest: &mut &'a [u8], separator: &[u8]) -> Option<&'a [u8]> {
        let at = match separator {
            [byte] => memchr::memchr(*byte, rest)?,
            _ => memmem::find(rest, separator)?,
        };
        let (part, after) = rest.split_at_checked(at)?;
        *rest = after.get(separator.len()..)?;
        Some(part)
    }

    fn unless_null<'a>(&self, part: &'a [u8]) -> Option<&'a [u8]> {
        if self.null_marker.as_deref() == Some(part) { None } else { Some(part) }
    }

    fn read_headers<'a>(&self, part: &'a [u8], headers: &mut Vec<Header<'a>>) -> Result<(), BadLine> {
        if self.unless_null(part).is_none() {
            return Ok(());
        }
        match &self.headers_separator {
            Separator::Byte(separator) => {
                let kept = trim_end(part, *separator);
                if kept.is_empty() && !part.is_empty() {
                    return Ok(());
                }
                let mut pairs = kept.split(|byte| byte == separator);
                pairs.try_for_each(|pair| self.read_header(pair, headers))
            }
            Separator::Literal(separator) => {
                let mut start = 0;
                let mut pairs = Vec::new();
                for at in memmem::find_iter(part, separator) {
                    pairs.extend(part.get(start..at));
                    start = at + separator.len();
                }
                pairs.extend(part.get(start..));
                self.read_pairs(pairs, headers)
            }
            Separator::Pattern(pattern) => {
                let leading_empty = pattern.find(part).is_some_and(|found| found.end() == 0);
                let pairs =
                    pattern.split(part).skip(usize::from(leading_empty && !part.is_empty())).collect();
                self.read_pairs(pairs, headers)
            }
        }
    }

    /// Java's `String.split` drops empty parts at the end, but a text without any separator is a part even if it is empty.
    fn read_pairs<'a>(&self, mut pairs: Vec<&'a [u8]>, headers: &mut Vec<Header<'a>>) -> Result<(), BadLine> {
        if pairs.len() > 1 {
            let kept = pairs.iter().rposition(|pair| !pair.is_empty()).map_or(0, |last| last + 1);
            pairs.truncate(kept);
        }
        pairs.into_iter().try_for_each(|pair| self.read_header(pair, headers))
    }

    fn read_header<'a>(&self, pair: &'a [u8], headers: &mut Vec<Header<'a>>) -> Result<(), BadLine> {
        let mut value = pair;
        headers.push(match self.cut(&mut value, &self.headers_key_separator) {
            Some(key) if self.unless_null(key).is_none() => return Err(BadLine::NullHeaderKey),
            Some(key) => Header { key, value: self.unless_null(value) },
            None if self.ignore_error => Header { key: pair, value: None },
            None => return Err(BadLine::NoHeaderKeySeparator),
        });
        Ok(())
    }
}

/// The text without the separators at its end.
fn trim_end(text: &[u8], separator: u8) -> &[u8] {
    let kept = text.iter().rposition(|byte| *byte != separator).map_or(0, |last| last + 1);
    text.get(..kept).unwrap_or_default()
}

impl Separator {
    fn new(separator: &[u8]) -> Result<Separator, java_regex::InvalidRegex> {
        let text = String::from_utf8_lossy(separator);
        if !separator.is_empty() && (text.as_bytes() != separator || regex::escape(&text) == text) {
            return Ok(match separator {
                [byte] => Separator::Byte(*byte),
                _ => Separator::Literal(separator.to_vec()),
            });
        }
        Ok(Separator::Pattern(java_regex::in_bytes(&text)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    fn reader(words: &[&str]) -> Result<LineReader, InvalidReader> {
        let mut properties = Properties::default();
        words.iter().for_each(|word| properties.add_word(OsStr::new(word)));
        LineReader::new(&properties)
    }

    /// The record as text: headers, key, value; `~` is null.
    fn read(words: &[&str], line: &str) -> Result<String, BadLine> {
        let mut headers = Vec::new();
        let reader = reader(words).unwrap();
        let (key, value) = reader.read(line.as_bytes(), &mut headers)?;
        let text =
            |part: Option<&[u8]>| part.map_or("~".into(), |part| String::from_utf8(part.to_vec()).unwrap());
        let headers: Vec<String> =
            headers.iter().map(|h| format!("{}={}", text(Some(h.key)), text(h.value))).collect();
        Ok(format!("{}|{}|{}", headers.join("&"), text(key), text(value)))
    }

    #[test]
    fn lines_split_into_their_parts() {
        let key = "parse.key=true";
        let heads = "parse.headers=true";
        let lax = "ignore.error=true";
        let nil = "null.marker=NIL";
        for (words, line, expected) in [
            (&[][..], "a\tb", "|~|a\tb"),
            (&[key], "a\tb\tc", "|a|b\tc"),
            (&[key], "\tv", "||v"),
            (&[key, "key.separator=::"], "a:b::c", "|a:b|c"),
            (&[key, "key.separator="], "k:v", "||k:v"),
            (&[key, lax], "whole", "|~|whole"),
            (&[heads], "h1:v1,h2:v2\tv", "h1=v1&h2=v2|~|v"),
            (&[heads, key], "h1:v1\tk\tv", "h1=v1|k|v"),
            (&[heads], "h1:,h1:again:and\tv", "h1=&h1=again:and|~|v"),
            (&[heads], ":x\tv", "=x|~|v"),
            (&[heads], "h:v,,\tv", "h=v|~|v"),
            (&[heads], ",\tv", "|~|v"),
            (&[heads, "headers.separator=;;"], "h:v;;;;\tv", "h=v|~|v"),
            (&[heads, "headers.separator=;;"], ";;\tv", "|~|v"),
            (&[heads, "headers.separator=[,;]"], ",\tv", "|~|v"),
            (&[heads, lax], "bare\tv", "bare=~|~|v"),
            (&[heads, lax], "none", "|~|none"),
            (&[heads, lax], "\tv", "=~|~|v"),
            (&[heads, "headers.separator=[,;]"], "a:1,b:2;c:3\tv", "a=1&b=2&c=3|~|v"),
            (
                &[heads, "headers.separator= ## ", "headers.key.separator=->"],
                "a->1 ## b->2\tv",
                "a=1&b=2|~|v",
            ),
            (&[key, nil], "NIL\tNIL", "|~|~"),
            (&[heads, key, nil], "a:NIL,b:2\tk\tv", "a=~&b=2|k|v"),
            (&[heads, key, nil], "NIL\tk\tNIL", "|k|~"),
            (&["null.marker="], "", "|~|~"),
            (&["parse.key= TRUE "], "k\tv", "|k|v"),
            (&["parse.key=yes"], "k\tv", "|~|k\tv"),
        ] {
            assert_eq!(read(words, line).as_deref(), Ok(expected), "{words:?} {line:?}");
        }
    }

    #[test]
    fn lines_without_their_parts_are_refused() {
        let heads = "parse.headers=true";
        assert_eq!(read(&["parse.key=true"], "x"), Err(BadLine::NoKeySeparator));
        assert_eq!(read(&[heads], "x"), Err(BadLine::NoHeadersDelimiter));
        assert_eq!(read(&[heads], "x\tv"), Err(BadLine::NoHeaderKeySeparator));
        assert_eq!(read(&[heads], "\tv"), Err(BadLine::NoHeaderKeySeparator));
        assert_eq!(read(&[heads, "null.marker=N"], "N:1\tv"), Err(BadLine::NullHeaderKey));
    }

    #[test]
    fn separators_that_could_not_be_told_apart_are_refused() {
        for words in [
            ["headers.separator=:"],
            ["headers.delimiter=:"],
            ["headers.delimiter=,"],
            ["null.marker=,"],
            ["null.marker=:"],
            ["null.marker=\t"],
            ["headers.separator=("],
        ] {
            assert!(reader(&words).is_err(), "{words:?}");
        }
        assert!(reader(&["headers.delimiter=|", "null.marker=NIL"]).is_ok());
    }

    #[test]
    fn bytes_that_are_no_text_pass_unchanged() {
        let mut properties = Properties::default();
        properties.set("parse.key", "true");
        properties.set("key.separator", [0xfe_u8]);
        let reader = LineReader::new(&properties).unwrap();
        let parts = reader.read(b"\xff\xfe\xc3", &mut Vec::new()).unwrap();
        assert_eq!(parts, (Some(&b"\xff"[..]), Some(&b"\xc3"[..])));
    }
}
