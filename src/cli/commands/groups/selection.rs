//! Which groups and which partitions a command line means.

use super::failure::failed;
use crate::cli::error::Failure;
use crate::cli::parse::Parsed;
use crate::client::{Admin, GroupListing, GroupType};
use crate::types::{PartitionId, TopicPartition};

/// The groups that count as consumer groups, by id: of the classic or the new protocol, or with offsets only.
pub(super) fn consumer_groups(admin: &dyn Admin) -> Result<Vec<GroupListing>, Failure> {
    let mut groups = admin.list_groups().map_err(failed)?;
    groups.retain(|group| {
        let of_consumers = matches!(group.group_type, GroupType::Classic | GroupType::Consumer);
        of_consumers && matches!(group.protocol.as_str(), "consumer" | "")
    });
    groups.sort_by(|a, b| a.group.cmp(&b.group));
    Ok(groups)
}

/// The groups named, each once and sorted; every consumer group with `--all-groups`.
pub(super) fn groups(parsed: &Parsed, admin: &dyn Admin) -> Result<Vec<String>, Failure> {
    let mut groups = if parsed.has("all-groups") {
        consumer_groups(admin)?.into_iter().map(|listing| listing.group).collect()
    } else {
        parsed.texts("group")
    };
    groups.sort();
    groups.dedup();
    Ok(groups)
}

/// A topic, or some of its partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli::commands) enum TopicArgument {
    Whole(String),
    Some(String, Vec<PartitionId>),
}

/// The arguments of `--topic`: `t` or `t:0,1`.
pub(in crate::cli::commands) fn topics(parsed: &Parsed) -> Result<Vec<TopicArgument>, Failure> {
    parsed.texts("topic").iter().map(|argument| topic(argument)).collect()
}

fn topic(argument: &str) -> Result<TopicArgument, Failure> {
    let parts: Vec<&str> = argument.split(':').collect();
    match parts.as_slice() {
        [topic] => Ok(TopicArgument::Whole((*topic).to_owned())),
        [topic, numbers] if !numbers.is_empty() => {
            let read = |number: &str| {
                number.parse().map(PartitionId).map_err(|_| {
                    Failure::usage(format!(
                        "Invalid partition '{number}' specified in topic arg '{argument}''"
                    ))
                })
            };
            let partitions = numbers.split(',').map(read).collect::<Result<_, _>>()?;
            Ok(TopicArgument::Some((*topic).to_owned(), partitions))
        }
        _ => {
            Err(Failure::usage(format!("Invalid topic arg '{argument}', expected topic name and partitions")))
        }
    }
}

/// The partitions of a topic, in order; an error where there is no such topic.
pub(in crate::cli::commands) fn partitions_of(
    admin: &dyn Admin,
    topic: &str,
) -> crate::client::Result<Vec<TopicPartition>> {
    let mut described = admin.describe_topics(&[topic.to_owned()]);
    let description = described
        .pop()
        .unwrap_or_else(|| Err(crate::client::Error::of(crate::types::ErrorCode::UnknownTopicOrPartition)))?;
    let named = |p: &crate::client::PartitionDescription| TopicPartition {
        topic: topic.to_owned(),
        partition: p.partition,
    };
    Ok(description.partitions.iter().map(named).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topic_arguments() {
        assert_eq!(topic("t").unwrap(), TopicArgument::Whole("t".to_owned()));
        let some = TopicArgument::Some("t".to_owned(), vec![PartitionId(0), PartitionId(2)]);
        assert_eq!(topic("t:0,2").unwrap(), some);
        let message = |argument: &str| topic(argument).unwrap_err().message().to_owned();
        assert_eq!(message("t:x"), "Invalid partition 'x' specified in topic arg 't:x''");
        assert_eq!(message("t:"), "Invalid topic arg 't:', expected topic name and partitions");
        assert_eq!(message("t:0:1"), "Invalid topic arg 't:0:1', expected topic name and partitions");
    }
}
