//! Text that came from names and records, made harmless for a terminal: control characters and those that reverse the
//! direction of writing become escapes. Only for terminals; piped bytes stay as they are.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a terminal would do something else with the character than show it. Tab is harmless, a line end is not: it would
/// let a name imitate a row.
fn is_risky(character: char) -> bool {
    (character.is_control() && character != '\t')
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{61c}')
}

/// The text with risky characters written as escapes such as `\u{1b}`.
pub(crate) fn sanitize(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_risky) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_risky(character) { out.extend(character.escape_default()) } else { out.push(character) }
    }
    Cow::Owned(out)
}

/// Appends a record's bytes: what is UTF-8 like [`sanitize`], but with line ends; other bytes as `\xff`.
pub(crate) fn sanitize_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if is_risky(character) && character != '\n' {
                out.extend(character.escape_default().map(|escape| escape as u8));
            } else {
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        for byte in chunk.invalid() {
            let mut escape = String::new();
            let _ = write!(escape, "\\x{byte:02x}");
            out.extend_from_slice(escape.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_seen_and_not_obeyed() {
        assert_eq!(sanitize("plain ünïcode\t"), "plain ünïcode\t");
        assert!(matches!(sanitize("plain"), Cow::Borrowed(_)));
        assert_eq!(sanitize("a\u{1b}[31mb\n"), "a\\u{1b}[31mb\\n");
        assert_eq!(sanitize("x\u{202e}y"), "x\\u{202e}y");
        let mut out = Vec::new();
        sanitize_bytes(b"a\xffb\x1b\n\xc3\xa9", &mut out);
        assert_eq!(out, b"a\\xffb\\u{1b}\n\xc3\xa9");
    }
}
