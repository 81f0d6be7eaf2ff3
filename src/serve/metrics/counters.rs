//! `Metrics`: what is counted while requests are served.

use super::page::Page;
use crate::local::API_VERSIONS;
use kafka_protocol::messages::ApiKey;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The upper bounds of the histogram of durations, in microseconds; beyond the last one is infinity.
const BOUNDS_US: [u64; 14] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    5_000_000,
];
/// The keys of requests are less.
const KEYS: usize = 128;

/// The counters of a server.
pub(in crate::serve) struct Metrics {
    begun: Instant,
    /// By key.
    requests: Vec<Requests>,
    connected: AtomicU64,
    disconnected: AtomicU64,
    /// Connections that this server gave up.
    given_up: AtomicU64,
    received_bytes: AtomicU64,
    sent_bytes: AtomicU64,
}

/// Those of one kind.
#[derive(Default)]
struct Requests {
    taken: AtomicU64,
    failed: AtomicU64,
    /// One for each bound, and one for what is beyond; not cumulative.
    durations: [AtomicU64; BOUNDS_US.len() + 1],
    duration_sum_us: AtomicU64,
}

/// A connection, counted as open until this is dropped.
pub(in crate::serve) struct Connected(Arc<Metrics>);

impl Drop for Connected {
    fn drop(&mut self) {
        add(&self.0.disconnected, 1);
    }
}

impl Metrics {
    pub(in crate::serve) fn new() -> Arc<Metrics> {
        Arc::new(Metrics {
            begun: Instant::now(),
            requests: (0..KEYS).map(|_| Requests::default()).collect(),
            connected: AtomicU64::default(),
            disconnected: AtomicU64::default(),
            given_up: AtomicU64::default(),
            received_bytes: AtomicU64::default(),
            sent_bytes: AtomicU64::default(),
        })
    }

    pub(in crate::serve) fn connect(self: &Arc<Metrics>) -> Connected {
        add(&self.connected, 1);
        Connected(Arc::clone(self))
    }

    pub(in crate::serve) fn give_up(&self) {
        add(&self.given_up, 1);
    }

    pub(in crate::serve) fn receive(&self, bytes: usize) {
        add(&self.received_bytes, bytes as u64);
    }

    pub(in crate::serve) fn send(&self, bytes: usize) {
        add(&self.sent_bytes, bytes as u64);
    }

    /// A request has been answered, or can't be.
    pub(in crate::serve) fn answer(&self, key: ApiKey, begun: Instant, is_answered: bool) {
        let Some(requests) = self.of(key as i16) else { return };
        let duration_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        add(&requests.taken, 1);
        add(&requests.failed, u64::from(!is_answered));
        let place = BOUNDS_US.partition_point(|&bound| bound < duration_us);
        if let Some(count) = requests.durations.get(place) {
            add(count, 1);
        }
        add(&requests.duration_sum_us, duration_us);
    }

    fn of(&self, key: i16) -> Option<&Requests> {
        self.requests.get(usize::try_from(key).ok()?)
    }

    /// Writes all of it.
    pub(super) fn write(&self, page: &mut Page) {
        page.gauge("kt_uptime_seconds", "Since the server has begun");
        page.value(&[], &seconds(self.begun.elapsed()));
        page.gauge("kt_build_info", "Always 1; which kt this is");
        page.value(&[("version", env!("CARGO_PKG_VERSION"))], &1);
        let (connected, disconnected) = (get(&self.connected), get(&self.disconnected));
        page.gauge("kt_connections_open", "Connections that are open");
        page.value(&[], &connected.saturating_sub(disconnected));
        for (name, help, value) in [
            ("kt_connections_total", "Connections that were accepted", connected),
            (
                "kt_connections_given_up_total",
                "Connections that the server has closed for an error",
                get(&self.given_up),
            ),
            ("kt_received_bytes_total", "Bytes of requests", get(&self.received_bytes)),
            ("kt_sent_bytes_total", "Bytes of answers", get(&self.sent_bytes)),
        ] {
            page.counter(name, help);
            page.value(&[], &value);
        }
        self.write_requests(page);
    }

    fn write_requests(&self, page: &mut Page) {
        let seen = || {
            let all = API_VERSIONS.iter().filter_map(|api| Some((api.name, self.of(api.key)?)));
            all.filter(|(_, requests)| get(&requests.taken) > 0)
        };
        page.counter("kt_requests_total", "Requests that were taken, by kind");
        for (name, requests) in seen() {
            page.value(&[("api", name)], &get(&requests.taken));
        }
        page.counter("kt_request_failures_total", "Requests that got no answer, by kind");
        for (name, requests) in seen() {
            page.value(&[("api", name)], &get(&requests.failed));
        }
        page.histogram(
            "kt_request_duration_seconds",
            "From a request to its answer, waiting included, by kind",
        );
        for (name, requests) in seen() {
            let mut count = 0;
            for (number, of_bound) in requests.durations.iter().enumerate() {
                count += get(of_bound);
                let bound = BOUNDS_US.get(number).map(|&us| seconds(Duration::from_micros(us)));
                let bound = bound.unwrap_or_else(|| "+Inf".to_owned());
                page.value_of("_bucket", &[("api", name), ("le", &bound)], &count);
            }
            let sum = Duration::from_micros(get(&requests.duration_sum_us));
            page.value_of("_sum", &[("api", name)], &seconds(sum));
            page.value_of("_count", &[("api", name)], &count);
        }
    }
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn seconds(duration: Duration) -> String {
    duration.as_secs_f64().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_written() {
        let metrics = Metrics::new();
        let connected = metrics.connect();
        let gone = metrics.connect();
        drop(gone);
        metrics.receive(10);
        metrics.send(20);
        metrics.answer(ApiKey::Fetch, Instant::now() - Duration::from_millis(3), true);
        metrics.answer(ApiKey::Fetch, Instant::now(), false);
        let mut page = Page::default();
        metrics.write(&mut page);
        let text = page.text();
        for line in [
            "kt_connections_open 1",
            "kt_connections_total 2",
            "kt_received_bytes_total 10",
            "kt_sent_bytes_total 20",
            "kt_requests_total{api=\"Fetch\"} 2",
            "kt_request_failures_total{api=\"Fetch\"} 1",
            "kt_request_duration_seconds_bucket{api=\"Fetch\",le=\"0.0025\"} 1",
            "kt_request_duration_seconds_bucket{api=\"Fetch\",le=\"+Inf\"} 2",
            "kt_request_duration_seconds_count{api=\"Fetch\"} 2",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(!text.contains("Produce"));
        drop(connected);
    }
}
