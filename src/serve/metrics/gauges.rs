//! What is in the directory: topics, where partitions begin and end, how far groups are behind.

use super::page::Page;
use crate::client::{Admin, OffsetSpec, Result};
use crate::local::Cluster;
use crate::types::{Offset, PartitionId, TopicPartition};
use std::collections::BTreeMap;

/// So many partitions are told of one by one, and so many partitions of groups.
const PARTITIONS_MAX: usize = 1000;
const GROUP_PARTITIONS_MAX: usize = 1000;

/// Writes all of it; what can't be read is left out. Blocks.
pub(super) fn write(cluster: &Cluster, page: &mut Page) {
    let admin = cluster.admin();
    let read =
        partitions(admin.as_ref()).and_then(|partitions| write_topics(admin.as_ref(), page, &partitions));
    let read = read.and_then(|ends| write_groups(admin.as_ref(), page, &ends));
    page.gauge("kt_directory_readable", "1 if topics and groups could be looked up, else 0");
    page.value(&[], &u8::from(read.is_ok()));
}

/// Every partition of topics that are not Kafka's own.
fn partitions(admin: &dyn Admin) -> Result<BTreeMap<String, usize>> {
    let names: Vec<String> =
        admin.list_topics()?.into_iter().filter(|topic| !topic.internal).map(|topic| topic.name).collect();
    // One that was deleted meanwhile is left out.
    let described = admin.describe_topics(&names).into_iter().filter_map(Result::ok);
    Ok(described.map(|topic| (topic.name, topic.partitions.len())).collect())
}

/// Answers where the partitions end that were told of.
fn write_topics(
    admin: &dyn Admin,
    page: &mut Page,
    topics: &BTreeMap<String, usize>,
) -> Result<BTreeMap<TopicPartition, Offset>> {
    let count: usize = topics.values().sum();
    page.gauge("kt_topics", "Topics that are not Kafka's own");
    page.value(&[], &topics.len());
    page.gauge("kt_partitions", "Their partitions");
    page.value(&[], &count);
    let all = topics.iter().flat_map(|(topic, &count)| {
        let number = |number| PartitionId(i32::try_from(number).unwrap_or(i32::MAX));
        (0..count).map(move |partition| TopicPartition { topic: topic.clone(), partition: number(partition) })
    });
    let told: Vec<TopicPartition> = all.take(PARTITIONS_MAX).collect();
    page.gauge("kt_partitions_left_out", "Partitions that are not told of one by one");
    page.value(&[], &count.saturating_sub(told.len()));
    let offsets = |spec| {
        let wanted: Vec<_> = told.iter().map(|partition| (partition.clone(), spec)).collect();
        let found =
            admin.list_offsets(&wanted).into_iter().map(|info| info.ok().and_then(|info| info.offset));
        told.iter()
            .cloned()
            .zip(found)
            .filter_map(|(key, offset)| Some((key, offset?)))
            .collect::<BTreeMap<_, _>>()
    };
    page.gauge("kt_partition_start_offset", "The first offset of a partition");
    write_offsets(page, &offsets(OffsetSpec::Earliest));
    page.gauge("kt_partition_end_offset", "The offset that the next record of a partition gets");
    let ends = offsets(OffsetSpec::Latest);
    write_offsets(page, &ends);
    Ok(ends)
}

fn write_offsets(page: &mut Page, offsets: &BTreeMap<TopicPartition, Offset>) {
    for (key, offset) in offsets {
        page.value(&[("topic", &key.topic), ("partition", &key.partition.to_string())], offset);
    }
}

fn write_groups(admin: &dyn Admin, page: &mut Page, ends: &BTreeMap<TopicPartition, Offset>) -> Result<()> {
    let groups = admin.list_groups()?;
    page.gauge("kt_groups", "Groups of every type");
    page.value(&[], &groups.len());
    page.gauge("kt_group_lag", "Records of a partition behind what a group has committed");
    let mut left = GROUP_PARTITIONS_MAX;
    for group in &groups {
        for (key, committed) in admin.group_offsets(&group.group).unwrap_or_default() {
            let Some(end) = ends.get(&key).filter(|_| left > 0) else { continue };
            left -= 1;
            let labels = [
                ("group", group.group.as_str()),
                ("topic", key.topic.as_str()),
                ("partition", &key.partition.to_string()),
            ];
            page.value(&labels, &end.since(committed.offset).max(0));
        }
    }
    Ok(())
}
