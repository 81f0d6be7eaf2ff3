//! How often and when a record is handed over again after a failure.

use std::time::Duration;

/// Exponential backoff: the first pause, twice as long, four times, … up to the longest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retries {
    /// How often a record is handed over again after the first time.
    pub(super) most: u32,
    pub(super) first_pause: Duration,
    pub(super) longest_pause: Duration,
}

impl Retries {
    /// How long to wait before the next attempt after so many have failed; `None` if there is to be none.
    pub(super) fn pause(&self, failed_attempts: u32) -> Option<Duration> {
        if failed_attempts > self.most {
            return None;
        }
        let doublings = failed_attempts.saturating_sub(1).min(31);
        Some(self.first_pause.saturating_mul(1 << doublings).min(self.longest_pause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_end() {
        let ms = Duration::from_millis;
        let retries = Retries { most: 5, first_pause: ms(100), longest_pause: ms(500) };
        let pauses: Vec<Option<Duration>> = (1..=6).map(|failed| retries.pause(failed)).collect();
        assert_eq!(pauses, [Some(ms(100)), Some(ms(200)), Some(ms(400)), Some(ms(500)), Some(ms(500)), None]);
        let endless = Retries { most: u32::MAX, first_pause: ms(u64::MAX), longest_pause: ms(7) };
        assert_eq!(endless.pause(u32::MAX), Some(ms(7)));
        assert_eq!(Retries { most: 0, ..retries }.pause(1), None);
    }
}
