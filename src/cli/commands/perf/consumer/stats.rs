//! What is measured: records, bytes and times, in all and of the interval that is being printed.

use crate::cli::java_date::DateFormat;
use crate::types::{TimestampMs, TopicPartition};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// A point in time, by both clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) instant: Instant,
    pub(super) time: TimestampMs,
}

/// What was read up to a moment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    pub(super) records: u64,
    pub(super) bytes: u64,
}

impl Sum {
    fn megabytes(self) -> f64 {
        self.bytes as f64 / 1_048_576.0
    }

    fn since(self, earlier: Sum) -> Sum {
        Sum { records: self.records - earlier.records, bytes: self.bytes - earlier.bytes }
    }

    /// Megabytes and records per second.
    fn rates(self, time: Duration) -> [f64; 2] {
        // A run shorter than the clock can tell has no rate that could be printed.
        let seconds = time.as_secs_f64().max(1e-6);
        [self.megabytes() / seconds, self.records as f64 / seconds]
    }
}

/// How long the group took to share its partitions: from letting go of the last to getting the next.
#[derive(Debug)]
pub(super) struct Joining {
    owned: BTreeSet<TopicPartition>,
    began: Instant,
    pub(super) total: Duration,
    /// Of the interval.
    pub(super) recent: Duration,
}

impl Joining {
    pub(super) fn new(now: Instant) -> Joining {
        Joining { owned: BTreeSet::new(), began: now, total: Duration::ZERO, recent: Duration::ZERO }
    }

    pub(super) fn assigned(&mut self, partitions: &[TopicPartition], now: Instant) {
        if self.owned.is_empty() {
            let elapsed = now.duration_since(self.began);
            self.total += elapsed;
            self.recent += elapsed;
            self.began = now;
        }
        self.owned.extend(partitions.iter().cloned());
    }

    pub(super) fn revoked(&mut self, partitions: &[TopicPartition], now: Instant) {
        partitions.iter().for_each(|partition| {
            self.owned.remove(partition);
        });
        if self.owned.is_empty() {
            self.began = now;
        }
    }
}

/// The line of an interval, from what was read before it.
pub(super) fn interval_line(
    dates: &DateFormat,
    sum: Sum,
    earlier: Sum,
    joining: Duration,
    [began, ended]: [Moment; 2],
) -> String {
    let elapsed = ended.instant.duration_since(began.instant);
    let fetching = elapsed.saturating_sub(joining);
    let read = sum.since(earlier);
    let [megabytes, records] = read.rates(elapsed);
    let [fetch_megabytes, fetch_records] = if fetching.is_zero() { [0.0, 0.0] } else { read.rates(fetching) };
    format!(
        "{}, 0, {:.4}, {megabytes:.4}, {}, {records:.4}, {}, {}, {fetch_megabytes:.4}, {fetch_records:.4}",
        dates.text(ended.time),
        sum.megabytes(),
        sum.records,
        joining.as_millis(),
        fetching.as_millis(),
    )
}

/// The line of the whole run.
pub(super) fn summary_line(
    dates: &DateFormat,
    sum: Sum,
    joining: Duration,
    [began, ended]: [Moment; 2],
) -> String {
    let elapsed = ended.instant.duration_since(began.instant);
    let fetching = elapsed.saturating_sub(joining);
    let [megabytes, records] = sum.rates(elapsed);
    let [fetch_megabytes, fetch_records] = sum.rates(fetching);
    format!(
        "{}, {}, {:.4}, {megabytes:.4}, {}, {records:.4}, {}, {}, {fetch_megabytes:.4}, {fetch_records:.4}",
        dates.text(began.time),
        dates.text(ended.time),
        sum.megabytes(),
        sum.records,
        joining.as_millis(),
        fetching.as_millis(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::PartitionId;

    fn moments() -> [Moment; 2] {
        let began = Moment { instant: Instant::now(), time: TimestampMs(0) };
        let ended = Moment { instant: began.instant + Duration::from_secs(2), time: TimestampMs(2_000) };
        [began, ended]
    }

    #[test]
    fn lines_are_those_of_kafka() {
        let dates = DateFormat::new("ss:SSS").unwrap();
        let sum = Sum { records: 300, bytes: 3 << 20 };
        let second = Duration::from_secs(1);
        assert_eq!(
            summary_line(&dates, sum, second, moments()),
            "00:000, 02:000, 3.0000, 1.5000, 300, 150.0000, 1000, 1000, 3.0000, 300.0000"
        );
        let earlier = Sum { records: 100, bytes: 1 << 20 };
        assert_eq!(
            interval_line(&dates, sum, earlier, second, moments()),
            "02:000, 0, 3.0000, 1.0000, 300, 100.0000, 1000, 1000, 2.0000, 200.0000"
        );
        assert!(interval_line(&dates, sum, sum, second * 3, moments()).ends_with("3000, 0, 0.0000, 0.0000"));
    }

    #[test]
    fn joining_takes_from_the_last_partition_lost_to_the_next_gained() {
        let began = Instant::now();
        let at = |ms| began + Duration::from_millis(ms);
        let partition = [TopicPartition { topic: "t".to_owned(), partition: PartitionId(0) }];
        let mut joining = Joining::new(began);
        joining.assigned(&partition, at(30));
        joining.assigned(&[], at(50));
        joining.revoked(&partition, at(100));
        joining.recent = Duration::ZERO;
        joining.assigned(&partition, at(105));
        assert_eq!((joining.total.as_millis(), joining.recent.as_millis()), (35, 5));
    }
}
