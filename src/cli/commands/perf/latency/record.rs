//! The records of the latency test: each key, value and header is one letter again and again, the same ones in every run as
//! Kafka's tool takes (`java.util.Random` from 0).

/// How large the parts of a record are, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sizes {
    pub(super) key: usize,
    pub(super) value: usize,
    pub(super) header_count: usize,
    pub(super) header_key: usize,
    /// `None`: null.
    pub(super) header_value: Option<usize>,
}

/// A record's bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) key: Vec<u8>,
    pub(super) value: Vec<u8>,
    pub(super) headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

/// The letters, and with them the records, in order.
pub(super) struct Records {
    sizes: Sizes,
    /// 48 bits.
    seed: u64,
}

const MULTIPLIER: u64 = 0x5_DEEC_E66D;
const MASK: u64 = (1 << 48) - 1;
const LETTER_COUNT: u64 = 26;

impl Records {
    pub(super) fn new(sizes: Sizes) -> Records {
        Records { sizes, seed: MULTIPLIER }
    }

    pub(super) fn next(&mut self) -> Parts {
        let Sizes { key, value, header_count, header_key, header_value } = self.sizes;
        let (key, value) = (self.letters(key), self.letters(value));
        let header = |_| (self.letters(header_key), header_value.map(|size| self.letters(size)));
        Parts { key, value, headers: (0..header_count).map(header).collect() }
    }

    fn letters(&mut self, size: usize) -> Vec<u8> {
        vec![self.letter(); size]
    }

    /// `'A' + Random.nextInt(26)`.
    fn letter(&mut self) -> u8 {
        loop {
            self.seed = self.seed.wrapping_mul(MULTIPLIER).wrapping_add(11) & MASK;
            let bits = self.seed >> 17;
            let number = bits % LETTER_COUNT;
            // The last numbers of 31 bits would make some letters likelier than others.
            if bits - number + (LETTER_COUNT - 1) < 1 << 31 {
                return b'A' + u8::try_from(number).unwrap_or(0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_those_that_kafkas_tool_was_seen_to_send() {
        let sizes = Sizes { key: 4, value: 5, header_count: 2, header_key: 3, header_value: Some(4) };
        let mut records = Records::new(sizes);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        for expected in ["XXX:VVVV,NNN:JJJJ SSSS SSSSS", "DDD:QQQQ,DDD:XXXX HHHH PPPPP"] {
            let Parts { key, value, headers } = records.next();
            let headers: Vec<String> = headers
                .iter()
                .map(|(key, value)| format!("{}:{}", text(key), text(value.as_ref().unwrap())))
                .collect();
            assert_eq!(format!("{} {} {}", headers.join(","), text(&key), text(&value)), expected);
        }
        // Null takes no letter.
        let mut records = Records::new(Sizes { header_count: 1, header_value: None, key: 0, ..sizes });
        let first = records.next();
        assert_eq!((first.key.len(), first.headers), (0, vec![(b"XXX".to_vec(), None)]));
        assert_eq!(records.next().value, b"NNNNN");
    }
}
