//! What an assignor is told and what it answers.

use crate::types::{PartitionId, TopicPartition};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// How many partitions each existing topic has.
pub(crate) type TopicPartitions = BTreeMap<String, i32>;

/// Partitions by member id; every member has an entry, be it empty.
pub(crate) type Assignment = BTreeMap<String, Vec<TopicPartition>>;

/// A member as the assignors see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) member_id: String,
    pub(crate) instance_id: Option<String>,
    pub(crate) topics: BTreeSet<String>,
    /// What it says it owns.
    pub(crate) owned: Vec<TopicPartition>,
    /// The generation in which it came to own that; -1 where unknown.
    pub(crate) generation: i32,
}

/// The order in which Kafka's assignors go through members: static ones first, by instance id; then by member id.
pub(crate) fn in_order(members: &[Candidate]) -> Vec<&Candidate> {
    let mut sorted: Vec<&Candidate> = members.iter().collect();
    sorted.sort_by(|a, b| match (&a.instance_id, &b.instance_id) {
        (Some(x), Some(y)) => x.cmp(y).then_with(|| a.member_id.cmp(&b.member_id)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.member_id.cmp(&b.member_id),
    });
    sorted
}

/// The partitions of the topics that anyone subscribes to, by topic, then number.
pub(crate) fn subscribed_partitions(members: &[Candidate], topics: &TopicPartitions) -> Vec<TopicPartition> {
    let wanted: BTreeSet<&String> = members.iter().flat_map(|member| &member.topics).collect();
    let known = wanted.into_iter().filter_map(|topic| topics.get_key_value(topic));
    known.flat_map(|(topic, &count)| (0..count).map(|partition| named(topic, partition))).collect()
}

/// An assignment that gives nobody anything.
pub(crate) fn nothing(members: &[Candidate]) -> Assignment {
    members.iter().map(|member| (member.member_id.clone(), Vec::new())).collect()
}

pub(crate) fn named(topic: &str, partition: i32) -> TopicPartition {
    TopicPartition { topic: topic.to_owned(), partition: PartitionId(partition) }
}

#[cfg(test)]
pub(crate) mod examples {
    use super::*;

    /// A member that subscribes to the topics named with blanks between them and owns nothing.
    pub(crate) fn member(id: &str, topics: &str) -> Candidate {
        let topics = topics.split_whitespace().map(str::to_owned).collect();
        Candidate { member_id: id.to_owned(), topics, generation: -1, ..Candidate::default() }
    }

    pub(crate) fn topics(counts: &[(&str, i32)]) -> TopicPartitions {
        counts.iter().map(|&(topic, count)| (topic.to_owned(), count)).collect()
    }

    /// `a: north:0,1 south:2` for each member, in order of member ids; numbers ascending.
    pub(crate) fn shown(assignment: &Assignment) -> Vec<String> {
        let lines = assignment.iter().map(|(member, partitions)| {
            let mut by_topic: BTreeMap<&str, BTreeSet<i32>> = BTreeMap::new();
            for tp in partitions {
                by_topic.entry(&tp.topic).or_default().insert(tp.partition.0);
            }
            let topics = by_topic.iter().map(|(topic, numbers)| {
                let numbers: Vec<String> = numbers.iter().map(i32::to_string).collect();
                format!(" {topic}:{}", numbers.join(","))
            });
            format!("{member}:{}", topics.collect::<String>())
        });
        lines.collect()
    }
}
