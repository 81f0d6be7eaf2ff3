//! `PartitionFilter`: which partitions of which topics, as kafka-get-offsets takes them: `TOPIC[:PARTITIONS],…` with PARTITIONS
//! `N`, `FROM-TO` (TO excluded, either may be missing) or nothing. Source: spec of the administration tools.

use super::topic_filter::TopicFilter;
use crate::types::PartitionId;
use std::ops::Range;

/// Any of several rules.
#[derive(Clone, Debug)]
pub(crate) struct PartitionFilter(Vec<Rule>);

/// Partitions of the topics that an expression matches.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    /// `None` is every topic.
    topics: Option<TopicFilter>,
    partitions: Partitions,
}

#[derive(Clone, Debug)]
enum Partitions {
    All,
    Listed(Vec<i32>),
    /// The end is excluded.
    Range(Range<i32>),
}

/// Why patterns can't be used; displays as Kafka words it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidRule {
    #[error("Invalid rule specification: {0}")]
    Form(String),
    /// The expression for topics is bad.
    #[error("{0}")]
    Topic(String),
}

impl Rule {
    /// The partitions with these numbers (`None`: all) of these topics (`None`: all).
    pub(crate) fn listed(topics: Option<TopicFilter>, partitions: Option<Vec<i32>>) -> Rule {
        Rule { topics, partitions: partitions.map_or(Partitions::All, Partitions::Listed) }
    }

    fn parse(text: &str) -> Result<Rule, InvalidRule> {
        let (topic, partitions) = text.split_once(':').unwrap_or((text, ""));
        let malformed = || InvalidRule::Form(text.to_owned());
        let number = |text: &str, missing: i32| match text {
            "" => Ok(missing),
            // Java would take a sign here, too, but the pattern of a rule has none.
            digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| malformed())
            }
            _ => Err(malformed()),
        };
        let partitions = match partitions.split_once('-') {
            _ if partitions.is_empty() => Partitions::All,
            None => Partitions::Listed(vec![number(partitions, 0)?]),
            Some((from, to)) => Partitions::Range(number(from, 0)?..number(to, i32::MAX)?),
        };
        let topics = match topic {
            "" => None,
            expression => Some(TopicFilter::new(expression).map_err(InvalidRule::Topic)?),
        };
        Ok(Rule { topics, partitions })
    }

    fn matches_topic(&self, topic: &str) -> bool {
        self.topics.as_ref().is_none_or(|filter| filter.matches(topic))
    }

    fn matches_partition(&self, partition: PartitionId) -> bool {
        match &self.partitions {
            Partitions::All => true,
            Partitions::Listed(ids) => ids.contains(&partition.0),
            Partitions::Range(range) => range.contains(&partition.0),
        }
    }
}

impl PartitionFilter {
    pub(crate) fn one(rule: Rule) -> PartitionFilter {
        PartitionFilter(vec![rule])
    }

    pub(crate) fn parse(patterns: &str) -> Result<PartitionFilter, InvalidRule> {
        patterns.split(',').map(Rule::parse).collect::<Result<_, _>>().map(PartitionFilter)
    }

    /// Whether some partition of the topic could match.
    pub(crate) fn may_match(&self, topic: &str) -> bool {
        self.0.iter().any(|rule| rule.matches_topic(topic))
    }

    pub(crate) fn matches(&self, topic: &str, partition: PartitionId) -> bool {
        self.0.iter().any(|rule| rule.matches_topic(topic) && rule.matches_partition(partition))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matching(patterns: &str) -> Vec<i32> {
        let filter = PartitionFilter::parse(patterns).unwrap();
        (0..5).filter(|&id| filter.matches("alpha", PartitionId(id))).collect()
    }

    #[test]
    fn partitions_are_picked_by_number_and_range() {
        for (patterns, expected) in [
            ("alpha", vec![0, 1, 2, 3, 4]),
            ("alpha:", vec![0, 1, 2, 3, 4]),
            ("alpha:1", vec![1]),
            ("alpha:1-3", vec![1, 2]),
            ("alpha:3-", vec![3, 4]),
            ("alpha:-2", vec![0, 1]),
            ("alpha:3-1", vec![]),
            (":2", vec![2]),
            ("al.*:0,beta:4", vec![0]),
            ("beta:4,alpha:4", vec![4]),
        ] {
            assert_eq!(matching(patterns), expected, "{patterns}");
        }
    }

    #[test]
    fn bad_patterns_are_named() {
        for bad in ["alpha:x", "alpha:1:2", "a:99999999999", "a:1-2-3"] {
            let error = PartitionFilter::parse(bad).unwrap_err();
            assert_eq!(error.to_string(), format!("Invalid rule specification: {bad}"));
        }
        assert_eq!(PartitionFilter::parse("a[").unwrap_err().to_string(), "a[ is an invalid regex.");
    }
}
