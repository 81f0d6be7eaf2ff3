//! The settings that hold moves back: rates of brokers and lists of throttled replicas of topics.

use super::files::{Assignment, Replicas, joined};
use super::options::refused;
use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::client::{self, Admin, AlterConfigOp, ConfigResource};
use crate::types::{BrokerId, ErrorCode, TopicPartition};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

const LEADER_RATE: &str = "leader.replication.throttled.rate";
const FOLLOWER_RATE: &str = "follower.replication.throttled.rate";
const LOG_DIRS_RATE: &str = "replica.alter.log.dirs.io.max.bytes.per.second";
const LEADER_REPLICAS: &str = "leader.replication.throttled.replicas";
const FOLLOWER_REPLICAS: &str = "follower.replication.throttled.replicas";

/// Sets the rate between brokers, for those that take part in the moves.
pub(super) fn set(
    admin: &dyn Admin,
    current: &Assignment,
    moves: &[(TopicPartition, Replicas)],
    rate: i64,
) -> Result<(), Failure> {
    let mut topics: BTreeMap<&str, (Vec<String>, Vec<String>)> = BTreeMap::new();
    let mut brokers: BTreeSet<BrokerId> = BTreeSet::new();
    let sorted: BTreeMap<&TopicPartition, &Replicas> =
        moves.iter().map(|(partition, to)| (partition, to)).collect();
    for (partition, target) in sorted {
        let present = current.get(partition).map(|replicas| replicas.brokers.as_slice()).unwrap_or_default();
        let (leaders, followers) = topics.entry(&partition.topic).or_default();
        let entry = |id: &BrokerId| format!("{}:{id}", partition.partition);
        leaders.extend(present.iter().map(entry));
        followers.extend(target.brokers.iter().filter(|id| !present.contains(id)).map(entry));
        brokers.extend(present.iter().chain(&target.brokers));
    }
    for (topic, (leaders, followers)) in topics {
        let set = |name: &str, replicas: &[String]| AlterConfigOp::Set(name.to_owned(), replicas.join(","));
        let ops = [set(LEADER_REPLICAS, &leaders), set(FOLLOWER_REPLICAS, &followers)];
        admin.alter_configs(&ConfigResource::Topic(topic.to_owned()), &ops).map_err(refused)?;
    }
    let set = |name: &str| AlterConfigOp::Set(name.to_owned(), rate.to_string());
    for broker in brokers {
        let resource = ConfigResource::Broker(broker.to_string());
        admin.alter_configs(&resource, &[set(LEADER_RATE), set(FOLLOWER_RATE)]).map_err(refused)?;
    }
    Ok(())
}

/// Lifts everything that moves may have set.
pub(super) fn clear(
    context: &mut Context,
    admin: &dyn Admin,
    moves: &[(TopicPartition, Replicas)],
) -> Result<(), Failure> {
    let known: BTreeSet<BrokerId> =
        admin.describe_cluster().map_err(refused)?.nodes.iter().map(|node| node.id).collect();
    let named = moves.iter().flat_map(|(_, replicas)| replicas.brokers.iter().copied());
    let brokers: BTreeSet<BrokerId> = known.iter().copied().chain(named).collect();
    let ids: Vec<BrokerId> = brokers.into_iter().collect();
    let plural = if ids.len() == 1 { "" } else { "s" };
    writeln!(context.stdout, "Clearing broker-level throttles on broker{plural} {}", joined(&ids, ","))?;
    let take = |name: &str| AlterConfigOp::Delete(name.to_owned());
    for broker in ids.iter().filter(|id| known.contains(id)) {
        let ops = [take(LEADER_RATE), take(FOLLOWER_RATE), take(LOG_DIRS_RATE)];
        admin.alter_configs(&ConfigResource::Broker(broker.to_string()), &ops).map_err(refused)?;
    }
    let topics: BTreeSet<&str> = moves.iter().map(|(partition, _)| partition.topic.as_str()).collect();
    let plural = if topics.len() == 1 { "" } else { "s" };
    let names = topics.iter().copied().collect::<Vec<_>>().join(",");
    writeln!(context.stdout, "Clearing topic-level throttles on topic{plural} {names}")?;
    for topic in topics {
        let ops = [take(LEADER_REPLICAS), take(FOLLOWER_REPLICAS)];
        admin.alter_configs(&ConfigResource::Topic(topic.to_owned()), &ops).map_err(|error| {
            let unknown = error.code == ErrorCode::UnknownTopicOrPartition;
            let message = format!("The topic '{topic}' does not exist.");
            refused(if unknown { client::Error::new(error.code, message) } else { error })
        })?;
    }
    Ok(())
}
