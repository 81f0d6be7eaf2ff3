//! The values of the records: random letters, pieces of a file, or numbers.

use crate::cli::error::Failure;
use crate::cli::input::read_file;
use crate::cli::java_regex;
use std::io::Write;
use std::path::Path;

/// Where the values come from.
#[derive(Debug)]
pub(super) enum Payload {
    Letters { random: Random, buffer: Vec<u8> },
    Pieces { random: Random, pieces: Vec<Vec<u8>> },
    Numbers { buffer: Vec<u8> },
}

impl Payload {
    /// Values of so many random letters.
    pub(super) fn letters(size: usize) -> Payload {
        Payload::Letters { random: Random::new(), buffer: vec![0; size] }
    }

    pub(super) fn numbers() -> Payload {
        Payload::Numbers { buffer: Vec::new() }
    }

    /// The pieces of a file between matches of `delimiter`.
    pub(super) fn file(path: &Path, delimiter: &str) -> Result<Payload, Failure> {
        let missing = "File does not exist or empty file provided.";
        let bytes = read_file(path).unwrap_or_default();
        if bytes.is_empty() {
            return Err(Failure::uncaught("java.lang.IllegalArgumentException", missing)
                .kt_message(format!("'{}' is empty or can't be read", path.display())));
        }
        // Kafka's default is a backslash and an n, which as an expression is a line end.
        let delimiter = java_regex::in_bytes(delimiter).map_err(|error| Failure::plain(error.to_string()))?;
        let pieces = split(&bytes, &delimiter);
        Ok(Payload::Pieces { random: Random::new(), pieces })
    }

    /// How many different values a file gave.
    pub(super) fn piece_count(&self) -> usize {
        match self {
            Payload::Pieces { pieces, .. } => pieces.len(),
            _ => 0,
        }
    }

    /// The value of the record of this number, counted from 0.
    pub(super) fn value(&mut self, number: u64) -> &[u8] {
        match self {
            Payload::Letters { random, buffer } => {
                random.fill_with_letters(buffer);
                buffer
            }
            Payload::Pieces { random, pieces } => {
                let index = random.below(pieces.len());
                pieces.get(index).map_or(&[], Vec::as_slice)
            }
            Payload::Numbers { buffer } => {
                buffer.clear();
                // Writing to memory doesn't fail.
                let _ = write!(buffer, "{number}");
                buffer
            }
        }
    }
}

/// `String.split`: empty pieces at the end are dropped, and so is one before a match of nothing at the beginning.
fn split(bytes: &[u8], delimiter: &regex::bytes::Regex) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for found in delimiter.find_iter(bytes) {
        let at_either_end = found.is_empty() && (found.start() == 0 || found.start() == bytes.len());
        if !at_either_end {
            pieces.push(bytes.get(start..found.start()).unwrap_or_default().to_vec());
            start = found.end();
        }
    }
    pieces.push(bytes.get(start..).unwrap_or_default().to_vec());
    while pieces.len() > 1 && pieces.last().is_some_and(Vec::is_empty) {
        pieces.pop();
    }
    pieces
}

/// Numbers that look random and are the same in every run, so that runs can be compared (xorshift64).
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    const fn new() -> Random {
        Random(0x9e37_79b9_7f4a_7c15)
    }

    const fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `count`, or 0.
    fn below(&mut self, count: usize) -> usize {
        let count = count as u64;
        usize::try_from(self.next().checked_rem(count).unwrap_or(0)).unwrap_or(0)
    }

    /// Eight letters from one number: cheap enough not to be what is measured.
    fn fill_with_letters(&mut self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            for (byte, random) in chunk.iter_mut().zip(self.next().to_le_bytes()) {
                *byte = b'A' + random % 26;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_split_as_java_splits() {
        for (text, delimiter, expected) in [
            ("alpha\nbeta\n", "\\n", vec!["alpha", "beta"]),
            ("\na\n\nb\n\n", "\\n", vec!["", "a", "", "b"]),
            ("a|b", "|", vec!["a", "|", "b"]),
            ("a|b", "\\|", vec!["a", "b"]),
            ("\n\n", "\\n", vec![""]),
        ] {
            let pieces = split(text.as_bytes(), &java_regex::in_bytes(delimiter).unwrap());
            let texts: Vec<_> = pieces.iter().map(|piece| String::from_utf8_lossy(piece)).collect();
            assert_eq!(texts, expected, "{text:?} at {delimiter:?}");
        }
    }

    #[test]
    fn values_are_letters_or_numbers() {
        let mut letters = Payload::letters(11);
        let first = letters.value(0).to_vec();
        assert!(first.len() == 11 && first.iter().all(u8::is_ascii_uppercase));
        assert_ne!(letters.value(1), first);
        assert_eq!(Payload::numbers().value(42), b"42");
        assert!(Payload::file(Path::new("/no/such/file"), "\\n").is_err());
    }
}
