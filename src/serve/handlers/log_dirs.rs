//! DescribeLogDirs and AlterReplicaLogDirs: where a broker's partitions lie. There is one directory, so nothing moves.

use crate::client::{self, LogDirDescription, ReplicaInfo};
use crate::serve::call::Call;
use crate::serve::wire;
use crate::types::ErrorCode;
use crate::types::acl::AclOperation;
use kafka_protocol::messages::alter_replica_log_dirs_request::AlterReplicaLogDirsRequest;
use kafka_protocol::messages::alter_replica_log_dirs_response::{
    AlterReplicaLogDirPartitionResult, AlterReplicaLogDirTopicResult, AlterReplicaLogDirsResponse,
};
use kafka_protocol::messages::describe_log_dirs_request::DescribeLogDirsRequest;
use kafka_protocol::messages::describe_log_dirs_response::{
    DescribeLogDirsPartition, DescribeLogDirsResponse, DescribeLogDirsResult, DescribeLogDirsTopic,
};
use std::collections::{BTreeMap, HashSet};
use std::path::Path;

pub(in crate::serve) fn describe(call: &Call, request: DescribeLogDirsRequest) -> DescribeLogDirsResponse {
    match own_directories(call, AclOperation::Describe) {
        Ok(directories) => {
            let results = directories.iter().map(|directory| result(directory, &request, call.version));
            DescribeLogDirsResponse::default().with_results(results.collect())
        }
        Err(error) => DescribeLogDirsResponse::default().with_error_code(error.code.code()),
    }
}

/// Those of the broker that this server stands for.
fn own_directories(call: &Call, operation: AclOperation) -> client::Result<Vec<LogDirDescription>> {
    call.access().cluster(operation)?;
    let own = call.context.cluster.broker_id();
    let mut directories = call.context.cluster.admin().describe_log_dirs()?;
    directories.retain(|directory| directory.broker == own);
    Ok(directories)
}

fn result(
    directory: &LogDirDescription,
    request: &DescribeLogDirsRequest,
    version: i16,
) -> DescribeLogDirsResult {
    let wanted: Option<HashSet<(&str, i32)>> = request.topics.as_ref().map(|topics| {
        let named = topics.iter().map(|topic| (topic.topic.as_str(), &topic.partitions));
        named.flat_map(|(name, ids)| ids.iter().map(move |&id| (name, id))).collect()
    });
    let is_wanted = |replica: &ReplicaInfo| {
        let at = (replica.partition.topic.as_str(), replica.partition.partition.0);
        wanted.as_ref().is_none_or(|wanted| wanted.contains(&at))
    };
    let mut topics: BTreeMap<&str, Vec<DescribeLogDirsPartition>> = BTreeMap::new();
    for replica in directory.replicas.iter().filter(|replica| is_wanted(replica)) {
        topics.entry(&replica.partition.topic).or_default().push(
            DescribeLogDirsPartition::default()
                .with_partition_index(replica.partition.partition.0)
                .with_partition_size(i64::try_from(replica.size_bytes).unwrap_or(i64::MAX))
                .with_offset_lag(replica.offset_lag)
                .with_is_future_key(replica.is_future),
        );
    }
    let topics = topics.into_iter().map(|(name, partitions)| {
        DescribeLogDirsTopic::default().with_name(wire::topic(name)).with_partitions(partitions)
    });
    let bytes = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let (total, usable) =
        directory.space_bytes.map_or((-1, -1), |(total, usable)| (bytes(total), bytes(usable)));
    // Before version 4 nobody was told.
    let (total, usable) = if version >= 4 { (total, usable) } else { (-1, -1) };
    DescribeLogDirsResult::default()
        .with_total_bytes(total)
        .with_usable_bytes(usable)
        .with_log_dir(wire::text(directory.path.to_string_lossy()))
        .with_topics(topics.collect())
}

pub(in crate::serve) fn alter(
    call: &Call,
    request: AlterReplicaLogDirsRequest,
) -> AlterReplicaLogDirsResponse {
    let directories = own_directories(call, AclOperation::Alter);
    let mut topics: BTreeMap<&str, Vec<AlterReplicaLogDirPartitionResult>> = BTreeMap::new();
    for wanted in &request.dirs {
        for topic in &wanted.topics {
            let answers = topic.partitions.iter().map(|&partition| {
                let code = match &directories {
                    Ok(directories) => {
                        moved(directories, Path::new(wanted.path.as_str()), &topic.name, partition)
                    }
                    Err(error) => error.code.code(),
                };
                AlterReplicaLogDirPartitionResult::default()
                    .with_partition_index(partition)
                    .with_error_code(code)
            });
            topics.entry(topic.name.as_str()).or_default().extend(answers);
        }
    }
    let results = topics.into_iter().map(|(name, partitions)| {
        AlterReplicaLogDirTopicResult::default()
            .with_topic_name(wire::topic(name))
            .with_partitions(partitions)
    });
    AlterReplicaLogDirsResponse::default().with_results(results.collect())
}

/// What becomes of moving a partition to `path`: nothing, where it lies there.
fn moved(directories: &[LogDirDescription], path: &Path, topic: &str, partition: i32) -> i16 {
    let Some(directory) = directories.iter().find(|directory| directory.path == path) else {
        return ErrorCode::LogDirNotFound.code();
    };
    let is_it = |replica: &ReplicaInfo| {
        replica.partition.topic == topic && replica.partition.partition.0 == partition
    };
    if directory.replicas.iter().any(is_it) { 0 } else { ErrorCode::ReplicaNotAvailable.code() }
}
