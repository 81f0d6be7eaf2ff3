//! Kafka's ids as its tools read them from the command line, with the words of Java's base64 decoder for what is none.

use crate::types::Uuid;

/// The longest text that Kafka tries to decode.
const LONGEST: usize = 24;

/// Reads an id; the error is Kafka's sentence.
pub(super) fn parse(text: &str) -> Result<Uuid, String> {
    if let Some((prefix, _)) = text.split_at_checked(LONGEST).filter(|(_, rest)| !rest.is_empty()) {
        return Err(format!(
            "Input string with prefix `{prefix}` is too long to be decoded as a base64 UUID"
        ));
    }
    let unpadded = text.trim_end_matches('=');
    let is_legal = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
    if text.len() == 1 {
        return Err("Input byte[] should at least have 2 bytes for base64 bytes".to_owned());
    }
    if let Some(illegal) = unpadded.bytes().find(|byte| !is_legal(byte)) {
        return Err(format!("Illegal base64 character {illegal:x}"));
    }
    if unpadded.len() % 4 == 1 {
        return Err("Last unit does not have enough valid bits".to_owned());
    }
    let length = unpadded.len() * 3 / 4;
    unpadded.parse().map_err(|_| {
        format!(
            "Input string `{text}` decoded as {length} bytes, which is not equal to the expected 16 bytes of a base64-encoded UUID"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As recorded of Kafka's programs.
    #[test]
    fn what_is_no_id_is_refused_in_javas_words() {
        for (text, expected) in [
            ("y", "Input byte[] should at least have 2 bytes for base64 bytes"),
            (
                "AAAAAA",
                "Input string `AAAAAA` decoded as 4 bytes, which is not equal to the expected 16 bytes of a base64-encoded UUID",
            ),
            ("a b*", "Illegal base64 character 20"),
            (
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "Input string with prefix `AAAAAAAAAAAAAAAAAAAAAAAA` is too long to be decoded as a base64 UUID",
            ),
        ] {
            assert_eq!(parse(text), Err(expected.to_owned()));
        }
        assert_eq!(parse("AAAAAAAAAAAAAAAAAAAAAQ"), Ok(Uuid::METADATA_TOPIC));
    }
}
