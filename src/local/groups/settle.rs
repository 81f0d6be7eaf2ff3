//! What becomes of a group whose members are not there any more, or haven't been heard of for too long.

use super::super::cluster::Cluster;
use super::super::error::Result;
use super::presence::{Signs, clear};
use crate::group::{ClassicConfig, ClassicGroup, GroupKind, GroupRecord, Groups, ModernConfig, ModernGroup};
use crate::metadata::ConfigKind;
use crate::types::TimestampMs;

/// Records to be written, each list a batch.
pub(super) type Batches = Vec<Vec<GroupRecord>>;

/// The limits of a directory's groups: Kafka's, but sessions may be as short as anyone likes.
pub(super) fn limits() -> ClassicConfig {
    ClassicConfig { min_session_timeout_ms: 0, max_session_timeout_ms: i32::MAX, ..ClassicConfig::default() }
}

/// Takes out of a group who is dead, and lets time pass for it. The records of that go before those of whatever is done
/// next.
pub(super) fn settle(cluster: &Cluster, id: &str, groups: &mut Groups, now: TimestampMs) -> Result<Batches> {
    if let Some(classic) = groups.classic(id) {
        return settle_classic(cluster, id, classic, now);
    }
    let Some(modern) = groups.modern(id) else {
        // Share groups have a way of their own: see `local::share`.
        return Ok(vec![groups.bury_streams(id)]);
    };
    let signs = modern_signs(cluster, id, modern, now)?;
    let (catalog, limits) = (cluster.catalog()?, modern_limits(cluster, id)?);
    let ticked = groups.modern_tick(id, &catalog, &limits, now);
    let buried = groups.bury_modern(id, |member| signs.is_dead(member), &catalog, now);
    for member in &signs.dead {
        clear(cluster, id, member)?;
    }
    Ok(vec![ticked, buried])
}

fn settle_classic(
    cluster: &Cluster,
    id: &str,
    group: &mut ClassicGroup,
    now: TimestampMs,
) -> Result<Batches> {
    let before: Vec<String> = group.members().map(|member| member.member_id.clone()).collect();
    let batches = tick_classic(cluster, id, group, now)?;
    for member in before.iter().filter(|id| group.member(id).is_none()) {
        clear(cluster, id, member)?;
    }
    Ok(batches)
}

/// The dead are taken out at once; static ones among them only when their session ends, but nobody waits for them.
fn tick_classic(cluster: &Cluster, id: &str, group: &mut ClassicGroup, now: TimestampMs) -> Result<Batches> {
    let signs = Signs::of(cluster, id, group.members().map(|member| member.member_id.as_str()), now)?;
    for (member, at) in &signs.alive {
        group.hear(member, *at);
    }
    let is_static = |id: &String| group.member(id).is_some_and(|member| member.instance_id.is_some());
    let (away, dead): (Vec<String>, Vec<String>) = signs.dead.into_iter().partition(is_static);
    let buried = group.bury(id, &dead, &limits(), now).records;
    let ticked = group.tick(id, &limits(), now).records;
    let went_on = group.go_on_without(id, &away, &limits(), now).records;
    Ok(vec![buried, ticked, went_on])
}

fn modern_signs(cluster: &Cluster, id: &str, group: &mut ModernGroup, now: TimestampMs) -> Result<Signs> {
    let signs = Signs::of(cluster, id, group.members().map(|(member, _)| member), now)?;
    for (member, at) in &signs.alive {
        group.hear(member, *at);
    }
    Ok(signs)
}

/// The limits of a group of the newer protocol, as the group's configuration sets them.
pub(super) fn modern_limits(cluster: &Cluster, id: &str) -> Result<ModernConfig> {
    let default = ModernConfig::default();
    let setting = cluster.with_image(|image| {
        let text = image.setting(ConfigKind::GROUP, id, "consumer.session.timeout.ms");
        text.and_then(|text| text.parse().ok())
    })?;
    Ok(ModernConfig { session_timeout_ms: setting.unwrap_or(default.session_timeout_ms), ..default })
}

/// The next moment at which something is due in a group.
pub(super) fn next_deadline(cluster: &Cluster, id: &str, groups: &mut Groups) -> Result<Option<TimestampMs>> {
    if let Some(classic) = groups.classic(id) {
        return Ok(classic.next_deadline());
    }
    let limits = modern_limits(cluster, id)?;
    Ok(groups.modern(id).and_then(|group| group.next_deadline(&limits)))
}

/// A group's kind as it would be settled, for a look from outside.
pub(super) fn settled(
    cluster: &Cluster,
    id: &str,
    mut kind: GroupKind,
    now: TimestampMs,
) -> Result<GroupKind> {
    match &mut kind {
        GroupKind::Classic(classic) => {
            tick_classic(cluster, id, classic, now)?;
        }
        GroupKind::Consumer(modern) => {
            let signs = modern_signs(cluster, id, modern, now)?;
            let limits = modern_limits(cluster, id)?;
            modern.settle(|member| signs.is_dead(member), &*cluster.catalog()?, &limits, now);
        }
        GroupKind::OffsetsOnly | GroupKind::Share(_) | GroupKind::Streams(_) => {}
    }
    Ok(kind)
}
