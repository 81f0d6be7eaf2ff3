//! What a coordinator forgets after a while: committed offsets of groups that nobody is in, and transactional ids.
//! Source: KIP-211, KIP-98.

use super::report::Deed;
use crate::client::Result;
use crate::local::cluster::Cluster;
use crate::local::{groups, transactions};
use crate::metadata;

/// `offsets.retention.minutes`, where nothing else is set.
const OFFSETS_RETENTION_MINUTES: i64 = 7 * 24 * 60;
/// `transactional.id.expiration.ms`, likewise.
const TRANSACTIONAL_ID_EXPIRATION_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// Expires offsets, and then groups of which nothing is left.
pub(super) fn offsets(cluster: &Cluster, dry_run: bool, deeds: &mut Vec<Deed>) -> Result<()> {
    let minutes = setting(cluster, "offsets.retention.minutes")?.unwrap_or(OFFSETS_RETENTION_MINUTES);
    for (group, offsets) in groups::expire(cluster, minutes.saturating_mul(60_000), dry_run)? {
        deeds.push(Deed::ExpiredOffsets { group, offsets });
    }
    Ok(())
}

/// Expires transactional ids whose last transaction has ended.
pub(super) fn transactional_ids(cluster: &Cluster, dry_run: bool, deeds: &mut Vec<Deed>) -> Result<()> {
    let age_ms =
        setting(cluster, "transactional.id.expiration.ms")?.unwrap_or(TRANSACTIONAL_ID_EXPIRATION_MS);
    for id in transactions::expire(cluster, age_ms, dry_run)? {
        deeds.push(Deed::ExpiredTransactionalId { id });
    }
    Ok(())
}

/// A number that is set for the broker.
fn setting(cluster: &Cluster, name: &str) -> Result<Option<i64>> {
    let broker = cluster.broker().id;
    let settings = cluster.with_image(|image| metadata::broker_settings(image, broker, &[]))?;
    let value = settings.into_iter().find(|setting| setting.name == name).and_then(|setting| setting.value);
    Ok(value.and_then(|value| value.parse().ok()))
}
