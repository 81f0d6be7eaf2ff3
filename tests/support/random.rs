//! Chance that can be repeated: the seed is printed when a test fails and taken back from `KT_TEST_SEED`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// splitmix64.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new() -> Random {
        let given =
            std::env::var("KT_TEST_SEED").ok().map(|seed| seed.parse().expect("KT_TEST_SEED is a number"));
        let seed =
            given.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64);
        // The harness shows a test's output only when it fails.
        println!("KT_TEST_SEED={seed}");
        Random(seed)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }

    /// Another stream of chance that this one gives the seed of.
    pub(crate) fn fork(&mut self) -> Random {
        Random(self.below(u64::MAX))
    }

    /// A time below `limit`, to the microsecond.
    pub(crate) fn time_below(&mut self, limit: Duration) -> Duration {
        Duration::from_micros(self.below(limit.as_micros().max(1) as u64))
    }
}
