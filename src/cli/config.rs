//! Settings as Kafka's tools take them: Java properties files, `key=value` words, and the numbers and booleans among them.
//!
//! Keys are text; values are bytes, for separators and markers may be anything. Unlike Java, a file is not decoded as Latin-1: its
//! bytes stay what they are, and `\u0020` becomes UTF-8. Source: the documentation of `java.util.Properties.load`.

use super::error::Failure;
use super::parse::Parsed;
use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;

/// Settings in the order given; of equal keys the last counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Properties {
    entries: Vec<(String, Vec<u8>)>,
}

impl Properties {
    /// Reads a properties file.
    pub(crate) fn load(path: &OsStr) -> io::Result<Properties> {
        Ok(Properties::parse(&fs::read(path)?))
    }

    /// The settings of a properties file's text.
    pub(crate) fn parse(text: &[u8]) -> Properties {
        let mut properties = Properties::default();
        for line in LogicalLines::new(text) {
            let (key, value) = split_line(&line);
            properties.set(String::from_utf8_lossy(&unescape(key)), unescape(value));
        }
        properties
    }

    /// Adds a word of the command line, `key=value`; without `=` the value is empty. Escapes are not interpreted.
    pub(crate) fn add_word(&mut self, word: &OsStr) {
        let bytes = word.as_bytes();
        let (key, value) = match memchr::memchr(b'=', bytes).and_then(|at| bytes.split_at_checked(at)) {
            Some((key, rest)) => (key, rest.get(1..).unwrap_or_default()),
            None => (bytes, &[][..]),
        };
        self.set(String::from_utf8_lossy(key), value.to_vec());
    }

    pub(crate) fn set(&mut self, key: impl Into<String>, value: impl Into<Vec<u8>>) {
        self.entries.push((key.into(), value.into()));
    }

    /// Sets what is not set yet.
    pub(crate) fn set_default(&mut self, key: &str, value: impl Into<Vec<u8>>) {
        if self.get(key).is_none() {
            self.set(key, value);
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&[u8]> {
        self.entries.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_slice())
    }

    /// All entries as text, in the order given.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (String, String)> {
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        self.entries.iter().map(move |(key, value)| (key.clone(), text(value)))
    }

    pub(crate) fn text(&self, key: &str) -> Option<Cow<'_, str>> {
        self.get(key).map(String::from_utf8_lossy)
    }

    /// A switch of a reader or formatter: trimmed `true` in any case, all else is false.
    pub(crate) fn is_true(&self, key: &str) -> Option<bool> {
        self.text(key).map(|text| text.trim().eq_ignore_ascii_case("true"))
    }

    /// A number of a client setting.
    pub(crate) fn number(
        &self,
        key: &str,
        smallest: i64,
        largest: i64,
    ) -> Result<Option<i64>, InvalidSetting> {
        let Some(text) = self.text(key) else { return Ok(None) };
        let number: i64 = text.trim().parse().map_err(|_| self.invalid(key, "it is not a number"))?;
        if (smallest..=largest).contains(&number) {
            Ok(Some(number))
        } else {
            Err(self.invalid(key, "it is out of range"))
        }
    }

    /// A switch of a client setting: `true` or `false`.
    pub(crate) fn switch(&self, key: &str) -> Result<Option<bool>, InvalidSetting> {
        let Some(text) = self.text(key) else { return Ok(None) };
        match text.trim().to_ascii_lowercase().as_str() {
            "true" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            _ => Err(self.invalid(key, "it is neither true nor false")),
        }
    }

    /// An error about the value that `key` has.
    pub(crate) fn invalid(&self, key: &str, why: &'static str) -> InvalidSetting {
        let value = self.text(key).unwrap_or_default().into_owned();
        InvalidSetting { key: key.to_owned(), value, why }
    }
}

/// The file of `--command-config`, if one is given. Of a file that is not there Kafka's tools say the name and no more.
pub(crate) fn command_config(parsed: &Parsed) -> Result<Properties, Failure> {
    let Some(path) = parsed.bytes("command-config")? else { return Ok(Properties::default()) };
    Properties::load(path).map_err(|error| {
        let name = path.to_string_lossy();
        Failure::plain(format!("can't read '{name}': {error}"))
            .in_kafka(|kafka| kafka.text = name.into_owned())
    })
}

/// A setting whose value can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid value '{value}' for {key}: {why}")]
pub(crate) struct InvalidSetting {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) why: &'static str,
}

/// Lines with continuations joined, without comments and blank lines.
struct LogicalLines<'a> {
    rest: &'a [u8],
}

impl<'a> LogicalLines<'a> {
    fn new(text: &'a [u8]) -> LogicalLines<'a> {
        LogicalLines { rest: text }
    }

    /// The next natural line without its end and without leading blanks.
    fn natural(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr::memchr2(b'\n', b'\r', self.rest).unwrap_or(self.rest.len());
        let (line, rest) = self.rest.split_at_checked(end)?;
        let ends_crlf = rest.starts_with(b"\r\n");
        self.rest = rest.get(if ends_crlf { 2 } else { 1 }..).unwrap_or_default();
        Some(trim_start(line))
    }
}

impl Iterator for LogicalLines<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut line = loop {
            let line = self.natural()?;
            if !(line.is_empty() || line.starts_with(b"#") || line.starts_with(b"!")) {
                break line.to_vec();
            }
        };
        // An odd number of backslashes at the end continues the line.
        while line.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1 {
            line.pop();
            line.extend_from_slice(self.natural().unwrap_or_default());
        }
        Some(line)
    }
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\x0c')
}

fn trim_start(line: &[u8]) -> &[u8] {
    let start = line.iter().position(|byte| !is_blank(*byte)).unwrap_or(line.len());
    line.get(start..).unwrap_or_default()
}

/// Key and value, still escaped: the key ends at the first unescaped `=`, `:` or blank.
fn split_line(line: &[u8]) -> (&[u8], &[u8]) {
    let mut escaped = false;
    let end = line.iter().position(|&byte| {
        let ends = !escaped && (matches!(byte, b'=' | b':') || is_blank(byte));
        escaped = !escaped && byte == b'\\';
        ends
    });
    let (key, rest) = line.split_at_checked(end.unwrap_or(line.len())).unwrap_or((line, &[]));
    let rest = trim_start(rest);
    let rest = rest.strip_prefix(b"=").or_else(|| rest.strip_prefix(b":")).unwrap_or(rest);
    (key, trim_start(rest))
}

/// Interprets `\t`, `\n`, `\r`, `\f`, `\u0020`; a backslash before anything else is dropped.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some((&escape, after)) = rest.split_first() else { break };
        rest = after;
        match escape {
            b't' => out.push(b'\t'),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b'f' => out.push(b'\x0c'),
            b'u' => {
                let mut units = Vec::new();
                units.extend(take_unit(&mut rest));
                // The second half of a character beyond the basic plane follows as an escape of its own.
                while let Some(mut more) = rest.strip_prefix(b"\\u") {
                    let Some(unit) = take_unit(&mut more) else { break };
                    units.push(unit);
                    rest = more;
                }
                for character in char::decode_utf16(units) {
                    let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
                    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
            other => out.push(other),
        }
    }
    out
}

fn take_unit(rest: &mut &[u8]) -> Option<u16> {
    let (digits, after) = rest.split_at_checked(4)?;
    let unit = u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    *rest = after;
    Some(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(text: &str) -> Vec<(String, String)> {
        let entries = Properties::parse(text.as_bytes()).entries;
        entries.into_iter().map(|(key, value)| (key, String::from_utf8(value).unwrap())).collect()
    }

    #[test]
    fn files_are_read_as_java_reads_them() {
        for (text, key, value) in [
            ("acks = 1", "acks", "1"),
            ("client.id: me", "client.id", "me"),
            ("key value words", "key", "value words"),
            ("  padded  =  value  ", "padded", "value  "),
            ("empty", "empty", ""),
            ("empty=", "empty", ""),
            ("a=b=c:d", "a", "b=c:d"),
            ("a : = b", "a", "= b"),
            ("a\\=b\\ c=d", "a=b c", "d"),
            ("k=\\u0020is\\u0020", "k", " is "),
            ("k=\\t\\n\\q\\\\", "k", "\t\nq\\"),
            ("k=\\ud834\\udd1e\\u00e9", "k", "𝄞é"),
            ("k=one,\\\n   two", "k", "one,two"),
            ("k=ends\\\\\nother=x", "k", "ends\\"),
            ("# comment\n! too\n\n\r\nk=v\r\n", "k", "v"),
            ("k=é", "k", "é"),
            ("k=\\u00", "k", "00"),
            ("k=v\\", "k", "v"),
        ] {
            assert_eq!(entries(text).first(), Some(&(key.to_owned(), value.to_owned())), "{text:?}");
        }
        assert!(entries("# nothing\n\n   \n#x\\\n").is_empty());
    }

    #[test]
    fn the_last_of_equal_keys_counts_and_words_are_taken_as_they_are() {
        let mut properties = Properties::parse(b"a=1\na=2\nraw=\xff\xfe");
        assert_eq!(properties.text("a").unwrap(), "2");
        assert_eq!(properties.get("raw").unwrap(), [0xff, 0xfe]);
        properties.add_word(OsStr::new("a=x=\\t"));
        properties.add_word(OsStr::new("b"));
        assert_eq!(properties.text("a").unwrap(), "x=\\t");
        assert_eq!(properties.get("b").unwrap(), b"");
        properties.set_default("b", "no");
        assert_eq!(properties.get("b").unwrap(), b"");
    }

    #[test]
    fn numbers_and_switches_are_checked() {
        let properties = Properties::parse(b"n= 5 \nbad=x\nyes= TRUE \nmaybe=yes");
        assert_eq!(properties.number("n", 0, 9), Ok(Some(5)));
        assert!(properties.number("n", 6, 9).is_err());
        assert!(properties.number("bad", 0, 9).is_err());
        assert_eq!(properties.number("none", 0, 9), Ok(None));
        assert_eq!(properties.is_true("yes"), Some(true));
        assert_eq!(properties.is_true("maybe"), Some(false));
        assert!(properties.switch("maybe").is_err());
    }

    #[test]
    fn no_text_breaks_the_parser() {
        let text = b"a\\=b:\\u00e9\\ud834\\udd1e c\\\r\n  d\\\\\n#x\\\n\\u12";
        for end in 0..text.len() {
            assert!(Properties::parse(&text[..end]).entries.len() <= 4);
        }
    }
}
