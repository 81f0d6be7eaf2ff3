//! A JSON object on a line: when, what, and its values, in the order in which they are added and with Jackson's escapes.
//! Written straight into the output's buffer: no allocation.

use crate::types::now_ms;
use std::fmt::Display;
use std::io::Write;

/// An object that is being written; [`Event::end`] ends it and its line.
#[must_use]
pub(super) struct Event<'o> {
    out: &'o mut Vec<u8>,
}

impl<'o> Event<'o> {
    /// Begins the object of what happens now.
    pub(super) fn new(out: &'o mut Vec<u8>, name: &str) -> Event<'o> {
        // Writing to memory doesn't fail.
        let _ = write!(out, "{{\"timestamp\":{},\"name\":\"{name}\"", now_ms());
        Event { out }
    }

    /// A text, or null; what is no UTF-8 is replaced.
    pub(super) fn text(self, key: &str, value: Option<&[u8]>) -> Event<'o> {
        let _ = write!(self.out, ",\"{key}\":");
        match value {
            Some(value) => push_text(self.out, value),
            None => self.out.extend_from_slice(b"null"),
        }
        self
    }

    /// What needs no quotes: a number, `true` or `false`.
    pub(super) fn value(self, key: &str, value: impl Display) -> Event<'o> {
        let _ = write!(self.out, ",\"{key}\":{value}");
        self
    }

    /// A list of objects, each written by `write`.
    pub(super) fn list<T>(
        self,
        key: &str,
        items: impl IntoIterator<Item = T>,
        write: impl Fn(&mut Vec<u8>, T),
    ) -> Event<'o> {
        let _ = write!(self.out, ",\"{key}\":[");
        for (number, item) in items.into_iter().enumerate() {
            if number > 0 {
                self.out.push(b',');
            }
            write(self.out, item);
        }
        self.out.push(b']');
        self
    }

    pub(super) fn end(self) {
        self.out.extend_from_slice(b"}\n");
    }
}

/// A text in quotes.
pub(super) fn push_text(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for chunk in text.utf8_chunks() {
        for &byte in chunk.valid().as_bytes() {
            push_byte(out, byte);
        }
        if !chunk.invalid().is_empty() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
    out.push(b'"');
}

fn push_byte(out: &mut Vec<u8>, byte: u8) {
    let letter = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        0..0x20 => {
            let _ = write!(out, "\\u{byte:04X}");
            return;
        }
        _ => {
            out.push(byte);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', letter]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_written_as_jackson_writes_them() {
        let mut out = Vec::new();
        Event::new(&mut out, "record_data")
            .text("key", None)
            .text("value", Some("a\"b\\c\n\t\u{1f}é\u{7f}".as_bytes()))
            .value("partition", 3)
            .list("partitions", [1, 2], |out, number| out.extend_from_slice(number.to_string().as_bytes()))
            .end();
        let text = String::from_utf8(out).unwrap();
        let rest =
            text.strip_prefix("{\"timestamp\":").unwrap().trim_start_matches(|c: char| c.is_ascii_digit());
        assert_eq!(
            rest,
            ",\"name\":\"record_data\",\"key\":null,\"value\":\"a\\\"b\\\\c\\n\\t\\u001Fé\u{7f}\",\"partition\":3,\"partitions\":[1,2]}\n",
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        for (bytes, text) in [(&b"\xff"[..], "\"\u{fffd}\""), (b"a\xc3", "\"a\u{fffd}\""), (b"", "\"\"")] {
            let mut out = Vec::new();
            push_text(&mut out, bytes);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }
}
