//! What is measured: counts, bytes and latencies, in all and of the interval that is being printed.

use std::time::{Duration, Instant};

/// So many latencies are kept for the percentiles; of more records every n-th is taken.
const SAMPLES_MAX: u64 = 500_000;

/// The measurements of a run, or of its part after the warm-up.
#[derive(Debug)]
pub(super) struct Stats {
    begun: Instant,
    interval: Duration,
    /// One latency of so many is kept.
    sampling: u64,
    latencies_ms: Vec<u32>,
    total: Sum,
    window: Sum,
    window_begun: Instant,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    records: u64,
    bytes: u64,
    latency_ms: u64,
    max_latency_ms: u64,
}

impl Sum {
    fn add(&mut self, bytes: u64, latency_ms: u64) {
        self.records += 1;
        self.bytes += bytes;
        self.latency_ms += latency_ms;
        self.max_latency_ms = self.max_latency_ms.max(latency_ms);
    }

    /// Records per second, megabytes per second, and the average latency in ms.
    fn rates(&self, elapsed: Duration) -> (f64, f64, f64) {
        // A run shorter than the clock can tell has no rate that could be printed.
        let seconds = elapsed.as_secs_f64().max(1e-6);
        let records = self.records as f64;
        let average = if self.records == 0 { 0.0 } else { self.latency_ms as f64 / records };
        (records / seconds, self.bytes as f64 / seconds / 1_048_576.0, average)
    }
}

impl Stats {
    /// Measurements that begin now; `expected` is the number of records.
    pub(super) fn new(expected: u64, interval: Duration, now: Instant) -> Stats {
        Stats {
            begun: now,
            interval,
            sampling: expected.div_ceil(SAMPLES_MAX).max(1),
            latencies_ms: Vec::new(),
            total: Sum::default(),
            window: Sum::default(),
            window_begun: now,
        }
    }

    /// Counts an acknowledged record. Returns the line of an interval that has ended with it, and whether it is the
    /// first.
    pub(super) fn record(&mut self, bytes: u64, latency: Duration, now: Instant) -> Option<(String, bool)> {
        let latency_ms = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
        if self.total.records.is_multiple_of(self.sampling) {
            self.latencies_ms.push(u32::try_from(latency_ms).unwrap_or(u32::MAX));
        }
        self.total.add(bytes, latency_ms);
        self.window.add(bytes, latency_ms);
        let elapsed = now.duration_since(self.window_begun);
        if elapsed < self.interval {
            return None;
        }
        let (records, megabytes, average) = self.window.rates(elapsed);
        let line = format!(
            "{} records sent, {records:.1} records/sec ({megabytes:.2} MB/sec), {average:.1} ms avg latency, {:.1} ms max latency.",
            self.window.records, self.window.max_latency_ms as f64,
        );
        let is_first = self.window.records == self.total.records;
        self.window = Sum::default();
        self.window_begun = now;
        Some((line, is_first))
    }

    /// The summary; `what` stands between the count and `records sent`.
    pub(super) fn summary(&mut self, what: &str, now: Instant) -> String {
        let (records, megabytes, average) = self.total.rates(now.duration_since(self.begun));
        self.latencies_ms.sort_unstable();
        let percentile = |share: f64| {
            // The casts stay within the number of samples.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 ≤ share < 1")]
            let index = (share * self.latencies_ms.len() as f64) as usize;
            self.latencies_ms.get(index).copied().unwrap_or(0)
        };
        format!(
            "{}{what} records sent, {records:.6} records/sec ({megabytes:.2} MB/sec), {average:.2} ms avg latency, {:.2} ms max latency, {} ms 50th, {} ms 95th, {} ms 99th, {} ms 99.9th.",
            self.total.records,
            self.total.max_latency_ms as f64,
            percentile(0.5),
            percentile(0.95),
            percentile(0.99),
            percentile(0.999),
        )
    }

    /// The producer's metrics that can be told of a run, by name.
    pub(super) fn metrics(&self, failed: u64, now: Instant) -> Vec<(&'static str, f64)> {
        let elapsed = now.duration_since(self.begun);
        let (records, megabytes, average) = self.total.rates(elapsed);
        vec![
            ("byte-rate", megabytes * 1_048_576.0),
            ("byte-total", self.total.bytes as f64),
            ("record-error-rate", failed as f64 / elapsed.as_secs_f64().max(1e-6)),
            ("record-error-total", failed as f64),
            ("record-send-rate", records),
            ("record-send-total", self.total.records as f64),
            ("request-latency-avg", average),
            ("request-latency-max", self.total.max_latency_ms as f64),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_and_the_summary_are_worded_as_kafka_words_them() {
        let begun = Instant::now();
        let at = |ms| begun + Duration::from_millis(ms);
        let mut stats = Stats::new(4, Duration::from_secs(1), begun);
        assert_eq!(stats.record(1 << 20, Duration::from_millis(2), at(500)), None);
        let (line, is_first) = stats.record(1 << 20, Duration::from_millis(4), at(1000)).unwrap();
        assert_eq!(
            line,
            "2 records sent, 2.0 records/sec (2.00 MB/sec), 3.0 ms avg latency, 4.0 ms max latency."
        );
        assert!(is_first);
        assert_eq!(stats.record(0, Duration::from_millis(6), at(1100)), None);
        let (line, is_first) = stats.record(0, Duration::from_millis(8), at(2000)).unwrap();
        assert!(line.starts_with("2 records sent, 2.0 records/sec (0.00 MB/sec), 7.0 ms avg") && !is_first);
        assert_eq!(
            stats.summary(" steady state", at(2000)),
            "4 steady state records sent, 2.000000 records/sec (1.00 MB/sec), 5.00 ms avg latency, 8.00 ms max latency, 6 ms 50th, 8 ms 95th, 8 ms 99th, 8 ms 99.9th.",
        );
        assert_eq!(stats.metrics(0, at(2000))[5], ("record-send-total", 4.0));
    }

    #[test]
    fn a_run_without_a_record_has_a_summary() {
        let now = Instant::now();
        assert!(Stats::new(0, Duration::ZERO, now).summary("", now).starts_with("0 records sent, 0.0"));
    }
}
