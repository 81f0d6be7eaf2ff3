//! A record, or a part of one, in one line for a person: cut where it is long, and harmless for a terminal.

use crate::client::ConsumerRecord;
use crate::output::sanitize;
use std::borrow::Cow;

/// How much of a key or value is shown, in characters.
const SHOWN_MAX: usize = 80;

/// A record's key, if it has one, and value.
pub(crate) fn one_line(record: &ConsumerRecord<'_>) -> String {
    let value = shown(record.record.value);
    match record.record.key {
        None => format!("value {value}"),
        key => format!("key {} value {value}", shown(key)),
    }
}

/// Bytes in quotes; null without.
pub(crate) fn shown(bytes: Option<&[u8]>) -> Cow<'static, str> {
    let Some(bytes) = bytes else { return Cow::Borrowed("null") };
    // No character has more than four bytes.
    let text = String::from_utf8_lossy(bytes.get(..SHOWN_MAX * 4).unwrap_or(bytes));
    let mut kept: String = text.chars().take(SHOWN_MAX).collect();
    if kept.len() < bytes.len() && text.chars().count() > SHOWN_MAX {
        kept.push('…');
    }
    Cow::Owned(format!("'{}'", sanitize(&kept)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_bytes_are_cut_and_odd_ones_escaped() {
        assert_eq!(shown(Some(&[b'x'; 500])).chars().count(), SHOWN_MAX + 3);
        assert_eq!(shown(Some(b"a\x1b")), "'a\\u{1b}'");
        assert_eq!(shown(None), "null");
        assert_eq!(shown(Some(b"")), "''");
    }
}
