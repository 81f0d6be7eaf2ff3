//! What Kafka's standard deserializers make of bytes, as the text that Java prints for the result. Knows them by their class names.

use super::java_number::{double_text, float_text};
use std::borrow::Cow;
use std::fmt::Write;

const PACKAGE: &str = "org.apache.kafka.common.serialization.";

/// A standard deserializer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deserializer {
    String,
    Integer,
    Long,
    Short,
    Float,
    Double,
    Boolean,
    Uuid,
    ByteArray,
    Bytes,
    ByteBuffer,
    Void,
}

/// Bytes that a deserializer can't read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Undeserializable {
    #[error("{found} bytes are no {what}, which has {expected}")]
    Size { what: &'static str, expected: usize, found: usize },
    #[error("byte {0} is no boolean, which is 0 or 1")]
    NoBoolean(u8),
    #[error("'{0}' is no UUID")]
    NoUuid(String),
    #[error("a void value must be null")]
    NotVoid,
}

impl Deserializer {
    /// The deserializer of this class; `None` if there is no such, or it can't do without further settings (lists).
    pub(crate) fn by_class(class: &str) -> Option<Deserializer> {
        let name = class.strip_prefix(PACKAGE)?.strip_suffix("Deserializer")?;
        Some(match name {
            "String" => Deserializer::String,
            "Integer" => Deserializer::Integer,
            "Long" => Deserializer::Long,
            "Short" => Deserializer::Short,
            "Float" => Deserializer::Float,
            "Double" => Deserializer::Double,
            "Boolean" => Deserializer::Boolean,
            "UUID" => Deserializer::Uuid,
            "ByteArray" => Deserializer::ByteArray,
            "Bytes" => Deserializer::Bytes,
            "ByteBuffer" => Deserializer::ByteBuffer,
            "Void" => Deserializer::Void,
            _ => return None,
        })
    }

    /// The text of `bytes`. A string is passed on as it is, even if it is no UTF-8.
    pub(crate) fn text(self, bytes: &[u8]) -> Result<Cow<'_, [u8]>, Undeserializable> {
        let text = match self {
            Deserializer::String => return Ok(Cow::Borrowed(bytes)),
            Deserializer::Integer => i32::from_be_bytes(sized(bytes, "integer")?).to_string(),
            Deserializer::Long => i64::from_be_bytes(sized(bytes, "long")?).to_string(),
            Deserializer::Short => i16::from_be_bytes(sized(bytes, "short")?).to_string(),
            Deserializer::Float => float_text(f32::from_be_bytes(sized(bytes, "float")?)),
            Deserializer::Double => double_text(f64::from_be_bytes(sized(bytes, "double")?)),
            Deserializer::Boolean => match sized(bytes, "boolean")? {
                [0] => "false".to_owned(),
                [1] => "true".to_owned(),
                [other] => return Err(Undeserializable::NoBoolean(other)),
            },
            Deserializer::Uuid => uuid_text(bytes)?,
            // Java prints an array's type and an arbitrary number, which no script can rely on; the type is kept.
            Deserializer::ByteArray => format!("[B@{:x}", bytes.len()),
            Deserializer::Bytes => bytes_text(bytes),
            Deserializer::ByteBuffer => {
                format!("java.nio.HeapByteBuffer[pos=0 lim={0} cap={0}]", bytes.len())
            }
            Deserializer::Void => return Err(Undeserializable::NotVoid),
        };
        Ok(Cow::Owned(text.into_bytes()))
    }
}

fn sized<const N: usize>(bytes: &[u8], what: &'static str) -> Result<[u8; N], Undeserializable> {
    bytes.try_into().map_err(|_| Undeserializable::Size { what, expected: N, found: bytes.len() })
}

/// `UUID.fromString` and back: five groups of hexadecimal digits, each of which may be short.
fn uuid_text(bytes: &[u8]) -> Result<String, Undeserializable> {
    let text = String::from_utf8_lossy(bytes);
    let read = || {
        let groups: Vec<u64> = text
            .split('-')
            .map(|group| {
                let fits =
                    !group.is_empty() && group.len() <= 15 && group.bytes().all(|b| b.is_ascii_hexdigit());
                if fits { u64::from_str_radix(group, 16).ok() } else { None }
            })
            .collect::<Option<_>>()?;
        let [a, b, c, d, e] = groups.try_into().ok()?;
        let (a, e) = (a & 0xffff_ffff, e & 0xffff_ffff_ffff);
        let (b, c, d) = (b & 0xffff, c & 0xffff, d & 0xffff);
        Some(format!("{a:08x}-{b:04x}-{c:04x}-{d:04x}-{e:012x}"))
    };
    // Java's parser takes at most 36 characters.
    if text.len() > 36 {
        return Err(Undeserializable::NoUuid(text.into_owned()));
    }
    read().ok_or_else(|| Undeserializable::NoUuid(text.into_owned()))
}

/// Printable ASCII as it is, all else and the backslash as `\xFF`.
fn bytes_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        if (b' '..=b'~').contains(&byte) && byte != b'\\' {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "\\x{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str, bytes: &[u8]) -> Option<String> {
        let deserializer = Deserializer::by_class(&format!("{PACKAGE}{name}Deserializer")).unwrap();
        deserializer.text(bytes).ok().map(|text| String::from_utf8(text.into_owned()).unwrap())
    }

    #[test]
    fn values_print_as_java_prints_them() {
        for (name, bytes, expected) in [
            ("Integer", &b"abcd"[..], "1633837924"),
            ("Long", b"ABCDEFGH", "4702394921427289928"),
            ("Short", b"AB", "16706"),
            ("Float", b"abcd", "2.6100788E20"),
            ("Double", b"ABCDEFGH", "2393736.541207228"),
            ("Boolean", b"\x01", "true"),
            ("Boolean", b"\x00", "false"),
            ("UUID", b"1-2-3-4-5", "00000001-0002-0003-0004-000000000005"),
            ("UUID", b"12345678-1234-1234-1234-123456789ABC", "12345678-1234-1234-1234-123456789abc"),
            ("Bytes", b"a\0\x01b\x7f\xc3 \\x~", "a\\x00\\x01b\\x7F\\xC3 \\x5Cx~"),
            ("ByteBuffer", b"12345678", "java.nio.HeapByteBuffer[pos=0 lim=8 cap=8]"),
            ("String", b"text", "text"),
        ] {
            assert_eq!(text(name, bytes).as_deref(), Some(expected), "{name}");
        }
    }

    #[test]
    fn bytes_of_another_kind_are_refused() {
        for (name, bytes) in [
            ("Integer", &b"abc"[..]),
            ("Long", b"short"),
            ("Boolean", b"\x02"),
            ("Boolean", b""),
            ("UUID", b"0123456789abcdef"),
            ("UUID", b""),
            ("UUID", b"1-2-3-4-g"),
            ("Void", b"x"),
        ] {
            assert_eq!(text(name, bytes), None, "{name}");
        }
        for class in [
            "LongDeserializer",
            "NoSuchDeserializer",
            "",
            "org.apache.kafka.common.serialization.ListDeserializer",
        ] {
            assert_eq!(Deserializer::by_class(class), None, "{class}");
        }
    }
}
