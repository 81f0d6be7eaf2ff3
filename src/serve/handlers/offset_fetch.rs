//! OffsetFetch: what groups have committed. Up to version 7 of one group, then of several; from version 10 on topics are
//! named by their ids.

use crate::group::TopicCatalog;
use crate::local::{FetchOffsets, FetchedOffsets};
use crate::serve::call::Call;
use crate::serve::once::once;
use crate::types::acl::AclOperation;
use crate::types::{ErrorCode, PartitionId, TopicPartition, Uuid};
use kafka_protocol::messages::TopicName;
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponse, OffsetFetchResponseGroup, OffsetFetchResponsePartition,
    OffsetFetchResponsePartitions, OffsetFetchResponseTopic, OffsetFetchResponseTopics,
};
use kafka_protocol::protocol::StrBytes;

pub(in crate::serve) fn handle(call: &Call, request: OffsetFetchRequest) -> OffsetFetchResponse {
    if call.version >= 8 {
        let groups = once(&request.groups, |group| group.group_id.clone());
        let groups = groups.map(|group| fetch(call, group, request.require_stable));
        return OffsetFetchResponse::default().with_groups(groups.collect());
    }
    let topics = request.topics.map(|topics| {
        let topics = topics.into_iter().map(|topic| {
            OffsetFetchRequestTopics::default()
                .with_name(topic.name)
                .with_partition_indexes(topic.partition_indexes)
        });
        topics.collect()
    });
    let group = OffsetFetchRequestGroup::default()
        .with_group_id(request.group_id)
        .with_member_id(None)
        .with_member_epoch(-1)
        .with_topics(topics);
    let fetched = fetch(call, &group, request.require_stable);
    let mut topics: Vec<OffsetFetchResponseTopic> = fetched.topics.into_iter().map(of_one_group).collect();
    if fetched.error_code != 0 && call.version < 2 {
        // There was no place for an error but with the partitions.
        topics = group
            .topics
            .unwrap_or_default()
            .into_iter()
            .map(|topic| refused(topic, fetched.error_code))
            .collect();
    }
    OffsetFetchResponse::default().with_topics(topics).with_error_code(fetched.error_code)
}

fn of_one_group(topic: OffsetFetchResponseTopics) -> OffsetFetchResponseTopic {
    let partitions = topic.partitions.into_iter().map(|one| {
        OffsetFetchResponsePartition::default()
            .with_partition_index(one.partition_index)
            .with_committed_offset(one.committed_offset)
            .with_committed_leader_epoch(one.committed_leader_epoch)
            .with_metadata(one.metadata)
            .with_error_code(one.error_code)
    });
    OffsetFetchResponseTopic::default().with_name(topic.name).with_partitions(partitions.collect())
}

fn refused(topic: OffsetFetchRequestTopics, error: i16) -> OffsetFetchResponseTopic {
    let topics = topic.partition_indexes.into_iter().map(|index| {
        OffsetFetchResponsePartition::default()
            .with_partition_index(index)
            .with_committed_offset(-1)
            .with_metadata(Some(StrBytes::default()))
            .with_error_code(error)
    });
    OffsetFetchResponseTopic::default().with_name(topic.name).with_partitions(topics.collect())
}

fn fetch(call: &Call, group: &OffsetFetchRequestGroup, require_stable: bool) -> OffsetFetchResponseGroup {
    let response = OffsetFetchResponseGroup::default().with_group_id(group.group_id.clone());
    match fetch_topics(call, group, require_stable) {
        Ok(topics) => response.with_topics(topics),
        Err(error) => response.with_error_code(error.code()),
    }
}

fn fetch_topics(
    call: &Call,
    group: &OffsetFetchRequestGroup,
    require_stable: bool,
) -> Result<Vec<OffsetFetchResponseTopics>, ErrorCode> {
    let access = call.access();
    access.group(AclOperation::Describe, &group.group_id).map_err(|error| error.code)?;
    let may_see = |topic: &str| access.topic(AclOperation::Describe, topic).is_ok();
    let groups = &call.context.groups;
    let catalog = groups.catalog().map_err(|error| error.code)?;
    let member = group.member_id.as_ref().map(|id| id.as_str());
    let member = match (member, group.member_epoch) {
        (None, ..0) => None,
        (id, epoch) => Some((id.unwrap_or_default(), epoch)),
    };
    let request = FetchOffsets { group: &group.group_id, member, partitions: None, require_stable };
    let Some(topics) = &group.topics else {
        let mut found = groups.fetch(&request)?;
        found.retain(|(partition, _)| may_see(&partition.topic));
        return Ok(by_topic(call, found, &catalog));
    };
    let asked: Vec<TopicPartition> = topics
        .iter()
        .filter_map(|topic| Some((name_of(call, topic, &catalog)?, &topic.partition_indexes)))
        .filter(|(name, _)| may_see(name))
        .flat_map(|(name, indexes)| {
            let named = |&index| TopicPartition { topic: name.to_owned(), partition: PartitionId(index) };
            indexes.iter().map(named)
        })
        .collect();
    let found = groups.fetch(&FetchOffsets { partitions: Some(&asked), ..request })?;
    if found.iter().any(|(_, commit)| matches!(commit, Err(ErrorCode::UnstableOffsetCommit))) {
        call.context.transactions.somebody_waits();
    }
    let mut found = found.into_iter();
    let answers = topics.iter().map(|topic| {
        let known = name_of(call, topic, &catalog);
        let partitions = topic.partition_indexes.iter().map(|&index| match known {
            Some(name) if !may_see(name) => partition(index, Err(ErrorCode::TopicAuthorizationFailed)),
            Some(_) => partition(index, found.next().map_or(Ok(None), |(_, commit)| commit)),
            None => partition(index, Err(ErrorCode::UnknownTopicId)),
        });
        OffsetFetchResponseTopics::default()
            .with_name(topic.name.clone())
            .with_topic_id(topic.topic_id)
            .with_partitions(partitions.collect())
    });
    Ok(answers.collect())
}

fn name_of<'a>(
    call: &Call,
    topic: &'a OffsetFetchRequestTopics,
    catalog: &'a TopicCatalog,
) -> Option<&'a str> {
    match call.version {
        ..10 => Some(topic.name.as_str()),
        _ => catalog.name(Uuid(topic.topic_id.into_bytes())),
    }
}

/// All that a group has committed. Topics that have no id any more can't be told of by their ids.
fn by_topic(call: &Call, found: FetchedOffsets, catalog: &TopicCatalog) -> Vec<OffsetFetchResponseTopics> {
    let mut topics: Vec<OffsetFetchResponseTopics> = Vec::new();
    for (TopicPartition { topic, partition: index }, commit) in found {
        let id = catalog.get(&topic).map(|known| uuid::Uuid::from_bytes(known.id.0));
        if id.is_none() && call.version >= 10 {
            continue;
        }
        let is_next = topics.last().is_none_or(|last| last.name.as_str() != topic);
        if is_next {
            let name = TopicName(StrBytes::from_string(topic));
            let new = OffsetFetchResponseTopics::default().with_name(name);
            topics.push(new.with_topic_id(id.unwrap_or_default()));
        }
        if let Some(last) = topics.last_mut() {
            last.partitions.push(partition(index.0, commit));
        }
    }
    topics
}

fn partition(
    index: i32,
    commit: Result<Option<crate::group::OffsetCommit>, ErrorCode>,
) -> OffsetFetchResponsePartitions {
    let answer = OffsetFetchResponsePartitions::default().with_partition_index(index);
    match commit {
        Ok(Some(commit)) => answer
            .with_committed_offset(commit.offset.get())
            .with_committed_leader_epoch(commit.leader_epoch.map_or(-1, |epoch| epoch.0))
            .with_metadata(Some(StrBytes::from_string(commit.metadata))),
        other => answer
            .with_committed_offset(-1)
            .with_committed_leader_epoch(-1)
            .with_metadata(Some(StrBytes::default()))
            .with_error_code(other.err().map_or(0, ErrorCode::code)),
    }
}
