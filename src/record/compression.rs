//! `Compression`: the codecs by Kafka's names and numbers, and the levels that each takes (KIP-390).

use super::error::{Error, Result};
use std::fmt;
use std::ops::RangeInclusive;

/// A codec of record batches; the number is that of the attributes' lowest three bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Compression {
    #[default]
    None = 0,
    Gzip = 1,
    Snappy = 2,
    Lz4 = 3,
    Zstd = 4,
}

impl Compression {
    pub(crate) const ALL: [Compression; 5] =
        [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];

    /// The codec with this number.
    pub(crate) fn from_id(id: i16) -> Result<Compression> {
        Compression::ALL.into_iter().find(|codec| codec.id() == id).ok_or(Error::UnknownCodec(id))
    }

    /// The number in a batch's attributes.
    pub(crate) const fn id(self) -> i16 {
        self as i16
    }

    /// Kafka's name for it, as in `compression.type` and in dumps.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Snappy => "snappy",
            Compression::Lz4 => "lz4",
            Compression::Zstd => "zstd",
        }
    }

    /// The levels that `compression.<name>.level` accepts; `None` where there is no such config.
    pub(crate) const fn levels(self) -> Option<RangeInclusive<i32>> {
        match self {
            // Gzip also takes -1, its library's default, which is 6.
            Compression::Gzip => Some(1..=9),
            Compression::Lz4 => Some(1..=17),
            Compression::Zstd => Some(-131_072..=22),
            Compression::None | Compression::Snappy => None,
        }
    }

    /// The level taken where none is set.
    pub(crate) const fn default_level(self) -> i32 {
        match self {
            Compression::Gzip => 6,
            Compression::Lz4 => 9,
            Compression::Zstd => 3,
            Compression::None | Compression::Snappy => 0,
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_lead_back_to_the_codec() {
        for codec in Compression::ALL {
            assert_eq!(Compression::from_id(codec.id()).unwrap(), codec);
        }
        assert!(matches!(Compression::from_id(5), Err(Error::UnknownCodec(5))));
    }

    #[test]
    fn default_levels_are_legal() {
        for codec in Compression::ALL {
            assert!(codec.levels().is_none_or(|levels| levels.contains(&codec.default_level())), "{codec}");
        }
    }
}
