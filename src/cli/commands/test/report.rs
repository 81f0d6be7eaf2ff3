//! What the topics and groups of a test held that has failed, for a person.

use crate::cli::error::Failure;
use crate::cli::one_line::one_line;
use crate::cli::target::Connection;
use crate::client::{
    Admin, BulkOrder, BulkPass, BulkRange, BulkReading, GroupState, OffsetSpec, TopicListing,
};
use crate::types::{Offset, PartitionId, TopicPartition};
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;
use std::ops::ControlFlow;

/// How many records of a topic are shown, the last ones.
const RECORDS_SHOWN: usize = 5;
/// How many partitions and topics are.
const PARTITIONS_SHOWN: usize = 20;
const TOPICS_SHOWN: usize = 30;

type Ends = BTreeMap<TopicPartition, (Offset, Offset)>;

/// The text, of lines.
pub(super) fn report(connection: &Connection) -> Result<String, Failure> {
    let admin = connection.admin()?;
    let topics: Vec<TopicListing> =
        admin.list_topics()?.into_iter().filter(|topic| !topic.internal).collect();
    let mut out = String::new();
    let mut ends = Ends::new();
    if topics.is_empty() {
        out.push_str("  no topics\n");
    }
    for (number, topic) in topics.iter().enumerate() {
        let of_topic = ends_of(admin.as_ref(), &topic.name)?;
        if number < TOPICS_SHOWN {
            write_topic(&mut out, connection, &topic.name, &of_topic)?;
        }
        ends.extend(of_topic);
    }
    if topics.len() > TOPICS_SHOWN {
        let _ = writeln!(out, "  and {} more topics", topics.len() - TOPICS_SHOWN);
    }
    write_groups(&mut out, admin.as_ref(), &ends)?;
    Ok(out)
}

/// Where each partition of a topic begins and ends.
fn ends_of(admin: &dyn Admin, topic: &str) -> Result<Ends, Failure> {
    let described = admin.describe_topics(&[topic.to_owned()]).into_iter().next().transpose()?;
    let count = described.map_or(0, |described| described.partitions.len());
    let numbers = (0..count).filter_map(|number| i32::try_from(number).ok());
    let all: Vec<TopicPartition> = numbers
        .map(|number| TopicPartition { topic: topic.to_owned(), partition: PartitionId(number) })
        .collect();
    let ask = |spec| {
        let wanted: Vec<_> = all.iter().map(|partition| (partition.clone(), spec)).collect();
        admin.list_offsets(&wanted)
    };
    let mut ends = Ends::new();
    for ((partition, first), end) in all.iter().zip(ask(OffsetSpec::Earliest)).zip(ask(OffsetSpec::Latest)) {
        let (first, end) = (first?.offset.unwrap_or(Offset::ZERO), end?.offset.unwrap_or(Offset::ZERO));
        ends.insert(partition.clone(), (first, end));
    }
    Ok(ends)
}

fn write_topic(out: &mut String, connection: &Connection, topic: &str, ends: &Ends) -> Result<(), Failure> {
    let count: i64 = ends.values().map(|(first, end)| end.since(*first)).sum();
    let plural = |count: i64| if count == 1 { "" } else { "s" };
    let partitions = i64::try_from(ends.len()).unwrap_or(i64::MAX);
    let _ = writeln!(
        out,
        "  {topic}: {partitions} partition{}, {count} record{}",
        plural(partitions),
        plural(count)
    );
    let filled = || ends.iter().filter(|(_, (first, end))| end > first);
    for (partition, (first, end)) in filled().take(PARTITIONS_SHOWN) {
        let _ = writeln!(out, "    {partition}: offsets {first} to {}", end.plus(-1));
    }
    if filled().count() > PARTITIONS_SHOWN {
        let _ = writeln!(out, "    and {} more partitions with records", filled().count() - PARTITIONS_SHOWN);
    }
    let records = i64::try_from(RECORDS_SHOWN).unwrap_or(i64::MAX);
    let range = |(partition, (first, end)): (&TopicPartition, &(Offset, Offset))| BulkRange {
        partition: partition.clone(),
        from: end.plus(-records).max(*first),
        until: Some(*end),
    };
    let ranges: Vec<BulkRange> = filled().map(range).collect();
    if ranges.is_empty() {
        return Ok(());
    }
    for line in last_records(connection, &ranges)? {
        let _ = writeln!(out, "      {line}");
    }
    Ok(())
}

/// The last records of ranges, by time.
fn last_records(connection: &Connection, ranges: &[BulkRange]) -> Result<Vec<String>, Failure> {
    let reading = BulkReading { read_committed: false, skip_damaged: true, order: BulkOrder::OneByOne };
    let mut reader = connection.bulk_reader(ranges, reading)?;
    let mut last: VecDeque<(i64, String)> = VecDeque::new();
    let mut take = |_: usize, record: &crate::client::ConsumerRecord<'_>| {
        let time = record.record.timestamp.0;
        let place = last.iter().rposition(|(other, _)| *other <= time).map_or(0, |place| place + 1);
        let (partition, offset) = (record.partition, record.record.offset);
        last.insert(place, (time, format!("{}-{partition} {offset}: {}", record.topic, one_line(record))));
        if last.len() > RECORDS_SHOWN {
            last.pop_front();
        }
        ControlFlow::Continue(())
    };
    while reader.read_records(&mut take)? == BulkPass::Read {}
    Ok(last.into_iter().map(|(_, line)| line).collect())
}

fn write_groups(out: &mut String, admin: &dyn Admin, ends: &Ends) -> Result<(), Failure> {
    for group in admin.list_groups()? {
        let members = admin.describe_group(&group.group).map_or(0, |described| described.members.len());
        let (name, kind, state) = (&group.group, group.group_type.name(), group.state);
        let _ = write!(out, "  group {name}: {kind}, {}", state.name());
        if state != GroupState::Empty {
            let _ = write!(out, ", {members} member{}", if members == 1 { "" } else { "s" });
        }
        out.push('\n');
        for (partition, committed) in admin.group_offsets(name)? {
            let at = committed.offset;
            let lag = ends.get(&partition).map(|(_, end)| end.since(at));
            let lag = lag.map_or_else(|| "?".to_owned(), |lag| lag.to_string());
            let _ = writeln!(out, "    {partition}: committed {at}, lag {lag}");
        }
    }
    Ok(())
}
