//! `Throttle`: how long to wait so that no more than so many records a second are sent. Source: Kafka's ThroughputThrottler.

use std::time::{Duration, Instant};

/// Shorter waits are put off until they are worth a sleep.
const SHORTEST: Duration = Duration::from_millis(2);

/// What to do before the next record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    No,
    For(Duration),
    ForEver,
}

/// A limit of records per second.
#[derive(Debug)]
pub(super) struct Throttle {
    /// Negative: no limit; 0: nothing is due after the first records.
    per_second: i32,
    begun: Instant,
    /// Waits that were put off.
    due: Duration,
}

impl Throttle {
    pub(super) fn new(per_second: i32, begun: Instant) -> Throttle {
        Throttle { per_second, begun, due: Duration::ZERO }
    }

    /// What to do when `sent` records were sent before the one that was sent at `now`.
    pub(super) fn wait(&mut self, sent: u64, now: Instant) -> Wait {
        let elapsed_us = now.duration_since(self.begun).as_micros();
        let Ok(per_second) = u32::try_from(self.per_second) else { return Wait::No };
        if u128::from(sent) * 1_000_000 <= u128::from(per_second) * elapsed_us {
            return Wait::No;
        }
        let Some(each) = Duration::from_secs(1).checked_div(per_second) else { return Wait::ForEver };
        self.due += each;
        if self.due < SHORTEST { Wait::No } else { Wait::For(std::mem::take(&mut self.due)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_that_come_too_early_wait() {
        let begun = Instant::now();
        let at = |ms| begun + Duration::from_millis(ms);
        let mut throttle = Throttle::new(2, begun);
        assert_eq!(throttle.wait(0, at(300)), Wait::No);
        assert_eq!(throttle.wait(1, at(300)), Wait::For(Duration::from_millis(500)));
        assert_eq!(throttle.wait(1, at(500)), Wait::No);
        assert_eq!(throttle.wait(0, at(0)), Wait::No);
    }

    #[test]
    fn short_waits_are_gathered() {
        let begun = Instant::now();
        let now = begun + Duration::from_millis(1);
        let mut throttle = Throttle::new(1_000, begun);
        assert_eq!(throttle.wait(5, now), Wait::No);
        assert_eq!(throttle.wait(6, now), Wait::For(Duration::from_millis(2)));
        assert_eq!(throttle.wait(7, now), Wait::No);
    }

    #[test]
    fn no_limit_and_a_limit_of_nothing() {
        let begun = Instant::now();
        let now = begun + Duration::from_secs(1);
        assert_eq!(Throttle::new(-1, begun).wait(u64::MAX, now), Wait::No);
        let mut none = Throttle::new(0, begun);
        assert_eq!((none.wait(0, now), none.wait(1, now)), (Wait::No, Wait::ForEver));
    }
}
