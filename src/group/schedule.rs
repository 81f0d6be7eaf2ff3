//! Random choices for tests that can be made again: the seed is printed by a failing assertion and taken back from
//! the environment variable `KT_TEST_SEED`.

use std::fmt;

/// A stream of pseudo-random numbers (splitmix64), displayed as the seed that makes it again.
pub(crate) struct Schedule {
    seed: u64,
    state: u64,
}

impl Schedule {
    /// Starts from `KT_TEST_SEED`, or from a number that the name of the test gives.
    pub(crate) fn from_environment(test: &str) -> Schedule {
        let given = std::env::var("KT_TEST_SEED").ok().and_then(|text| text.parse().ok());
        let seed = given.unwrap_or_else(|| {
            test.bytes().fold(7, |seed, byte| (seed * 31 + u64::from(byte)) % 1_000_000_007)
        });
        Schedule { seed, state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 up to `limit`, exclusive.
    pub(crate) fn below(&mut self, limit: i32) -> i32 {
        let limit = u64::try_from(limit).unwrap();
        i32::try_from(self.next() % limit).unwrap()
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KT_TEST_SEED={}", self.seed)
    }
}
