//! JSON and text as Java prints them: Jackson's escapes, Java's form of a double, base64, replacement of what is no UTF-8.

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{CharEscape, Formatter, Serializer};
use std::borrow::Cow;
use std::io::{self, Write};

/// The value on one line, as Jackson writes it.
pub(crate) fn json_text(value: &Value) -> String {
    let mut out = Vec::new();
    // Writing to memory doesn't fail, and a value can always be written.
    let _ = value.serialize(&mut Serializer::with_formatter(&mut out, Jackson));
    String::from_utf8(out).unwrap_or_default()
}

struct Jackson;

impl Formatter for Jackson {
    fn write_char_escape<W: ?Sized + Write>(&mut self, out: &mut W, escape: CharEscape) -> io::Result<()> {
        let letter = match escape {
            CharEscape::Quote => b'"',
            CharEscape::ReverseSolidus => b'\\',
            CharEscape::Solidus => b'/',
            CharEscape::Backspace => b'b',
            CharEscape::FormFeed => b'f',
            CharEscape::LineFeed => b'n',
            CharEscape::CarriageReturn => b'r',
            CharEscape::Tab => b't',
            CharEscape::AsciiControl(byte) => return write!(out, "\\u{byte:04X}"),
        };
        out.write_all(&[b'\\', letter])
    }

    fn write_f64<W: ?Sized + Write>(&mut self, out: &mut W, value: f64) -> io::Result<()> {
        out.write_all(java_double(value).as_bytes())
    }
}

/// `Double.toString`: plain between 10^-3 and 10^7, else with an exponent; always with a fraction.
fn java_double(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-3..1e7).contains(&magnitude) {
        return format!("{value:?}");
    }
    let text = format!("{value:E}");
    match text.split_once('E') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0E{exponent}"),
        _ => text,
    }
}

/// Standard base64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = (0..3)
            .fold(0u32, |group, index| group << 8 | u32::from(chunk.get(index).copied().unwrap_or_default()));
        for index in 0..4 {
            let sextet = (group >> (18 - 6 * index)) & 63;
            let letter = ALPHABET.get(sextet as usize).copied().unwrap_or(b'A');
            out.push(if index > chunk.len() { '=' } else { char::from(letter) });
        }
    }
    out
}

/// The bytes of [`base64`]'s text; `None` if it is none.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    for chunk in text.as_bytes().chunks(4) {
        let mut group = 0u32;
        let mut letters = 0;
        for &byte in chunk.iter().filter(|&&byte| byte != b'=') {
            let sextet = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            };
            group |= u32::from(sextet) << (18 - 6 * letters);
            letters += 1;
        }
        let [_, bytes @ ..] = group.to_be_bytes();
        out.extend(bytes.iter().take(letters * 3 / 4));
    }
    Some(out)
}

/// Bytes as Java makes a string of them: what is no UTF-8 becomes U+FFFD, once for a surrogate's three bytes (Rust would
/// put three).
pub(crate) fn java_text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(replaced(bytes)),
    }
}

fn replaced(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while !rest.is_empty() {
        let surrogate =
            rest.windows(2).position(|window| matches!(window, [0xed, 0xa0..=0xbf])).unwrap_or(rest.len());
        let (before, after) = rest.split_at_checked(surrogate).unwrap_or((rest, &[]));
        out.push_str(&String::from_utf8_lossy(before));
        if !after.is_empty() {
            out.push(char::REPLACEMENT_CHARACTER);
        }
        // Its third byte belongs to it where it is one that can go on a character.
        let length = if matches!(after.get(2), Some(0x80..=0xbf)) { 3 } else { 2 };
        rest = after.get(length..).unwrap_or_default();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_is_jacksons() {
        let value = json!({"b": "a\"\\/\u{8}\u{c}\n\r\t\u{1f}\u{7f}é", "a": [null, true, -1, 1.0]});
        assert_eq!(
            json_text(&value),
            "{\"b\":\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u001F\u{7f}é\",\"a\":[null,true,-1,1.0]}"
        );
    }

    #[test]
    fn doubles_are_javas() {
        for (value, text) in [
            (1_048_576.0, "1048576.0"),
            (1e7, "1.0E7"),
            (12_345_678.9, "1.23456789E7"),
            (0.001, "0.001"),
            (0.00012, "1.2E-4"),
            (-0.5, "-0.5"),
            (0.0, "0.0"),
        ] {
            assert_eq!(java_double(value), text);
        }
    }

    #[test]
    fn base64_goes_both_ways() {
        for (bytes, text) in [
            (b"".as_slice(), ""),
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (&[0xff, 0xff, 0xff, 0xff], "/////w=="),
        ] {
            assert_eq!(base64(bytes), text);
            assert_eq!(from_base64(text).unwrap(), bytes);
        }
        assert_eq!(from_base64("a b="), None);
    }

    #[test]
    fn what_is_no_utf8_is_replaced_as_in_java() {
        assert_eq!(java_text(b"caf\xc3\xa9"), "café");
        assert_eq!(java_text(&[0xff, 0xfe, b'(']), "\u{fffd}\u{fffd}(");
        assert_eq!(java_text(&[b'<', 0xed, 0xa0, 0x80, b'>']), "<\u{fffd}>");
        assert_eq!(java_text(&[0xe6, 0x97]), "\u{fffd}");
        // A surrogate that is cut short is one character too; what follows it is looked at by itself.
        assert_eq!(java_text(&[0xed, 0xa6, 0xc8, b'K']), "\u{fffd}\u{fffd}K");
        assert_eq!(java_text(&[0xed, 0xa6]), "\u{fffd}");
    }
}
