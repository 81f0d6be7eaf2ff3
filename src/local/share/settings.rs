//! The settings of a share group that bear on delivery.

use super::super::cluster::Cluster;
use super::super::error::Result;
use crate::metadata;
use crate::share::Limits;
use crate::types::{TimestampMs, now_ms, read_iso_duration};
use std::time::Duration;

/// `group.share.delivery.count.limit`
const DELIVERY_COUNT_MAX: i16 = 5;
/// `group.share.partition.max.record.locks`
const IN_FLIGHT_MAX: i64 = 2000;

/// Where a partition that the group never read begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beginning {
    Earliest,
    Latest,
    /// The first record that is not older than this many milliseconds.
    NotOlderThan(i64),
}

/// The settings of a group.
#[derive(Clone, Copy, Debug)]
pub(super) struct ShareSettings {
    pub(super) limits: Limits,
    pub(super) beginning: Beginning,
    pub(super) read_committed: bool,
    /// A member that gave no sign of life for this long is taken out.
    pub(super) session: Duration,
    /// How often members give one.
    pub(super) heartbeat: Duration,
}

impl ShareSettings {
    pub(super) fn of(cluster: &Cluster, group: &str) -> Result<ShareSettings> {
        let settings = cluster.with_image(|image| metadata::group_settings(image, group))?;
        let text = |name: &str| {
            let setting = settings.iter().find(|setting| setting.name == name);
            setting.and_then(|setting| setting.value.as_deref()).unwrap_or_default()
        };
        let ms = |name: &str, default: u64| text(name).parse::<u64>().unwrap_or(default);
        let lock_ms = ms("share.record.lock.duration.ms", 30_000);
        Ok(ShareSettings {
            limits: Limits {
                delivery_count_max: DELIVERY_COUNT_MAX,
                in_flight_max: IN_FLIGHT_MAX,
                lock_ms: i64::try_from(lock_ms).unwrap_or(i64::MAX),
            },
            beginning: beginning(text("share.auto.offset.reset")),
            read_committed: text("share.isolation.level") == "read_committed",
            session: Duration::from_millis(ms("share.session.timeout.ms", 45_000)),
            heartbeat: Duration::from_millis(ms("share.heartbeat.interval.ms", 5_000)),
        })
    }
}

impl Beginning {
    /// The time at which the group begins to read, if a time says it.
    pub(super) fn time(self) -> Option<TimestampMs> {
        match self {
            Beginning::NotOlderThan(age_ms) => Some(TimestampMs(now_ms().0.saturating_sub(age_ms))),
            Beginning::Earliest | Beginning::Latest => None,
        }
    }
}

fn beginning(text: &str) -> Beginning {
    match text.strip_prefix("by_duration:").and_then(read_iso_duration) {
        Some(age_ms) => Beginning::NotOlderThan(age_ms),
        None if text == "earliest" => Beginning::Earliest,
        None => Beginning::Latest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_begins_where_its_setting_says() {
        assert_eq!(beginning("latest"), Beginning::Latest);
        assert_eq!(beginning("earliest"), Beginning::Earliest);
        assert_eq!(beginning("by_duration:PT1H"), Beginning::NotOlderThan(3_600_000));
        assert!(beginning("by_duration:PT1H").time().unwrap() < now_ms());
    }
}
