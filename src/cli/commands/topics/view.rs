//! What `--describe` shows of a topic, in each of the forms: Kafka's text, tables, JSON, CSV.

use crate::client::{PartitionDescription, TopicDescription};
use crate::output::{Align, csv_line, table};
use crate::types::BrokerId;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A topic.
#[derive(Clone, Debug, Serialize)]
pub(super) struct TopicView {
    pub(super) topic: String,
    pub(super) topic_id: String,
    pub(super) replication_factor: usize,
    /// What is not a default, in the order in which Kafka prints it.
    #[serde(serialize_with = "as_map")]
    pub(super) configs: Vec<(String, String)>,
    pub(super) partitions: Vec<PartitionView>,
}

/// A partition.
#[derive(Clone, Debug, Serialize)]
pub(super) struct PartitionView {
    pub(super) partition: i32,
    pub(super) leader: Option<i32>,
    pub(super) replicas: Vec<i32>,
    pub(super) isr: Vec<i32>,
    pub(super) elr: Vec<i32>,
    pub(super) last_known_elr: Vec<i32>,
}

/// Whether the eligible leader replicas are known: Kafka asks for a topic by its id in a way that does not tell them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Elr {
    Known,
    NotAsked,
}

fn as_map<S: serde::Serializer>(configs: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    configs.iter().map(|(name, value)| (name, value)).collect::<BTreeMap<_, _>>().serialize(serializer)
}

fn ids(brokers: &[BrokerId]) -> Vec<i32> {
    brokers.iter().map(|broker| broker.0).collect()
}

fn joined(ids: &[i32]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

impl TopicView {
    pub(super) fn new(topic: TopicDescription, configs: Vec<(String, String)>) -> TopicView {
        let partitions: Vec<PartitionView> = topic.partitions.iter().map(PartitionView::new).collect();
        TopicView {
            topic: topic.name,
            topic_id: topic.id.to_string(),
            replication_factor: partitions.first().map_or(0, |partition| partition.replicas.len()),
            configs,
            partitions,
        }
    }

    fn config_text(&self) -> String {
        let settings = self.configs.iter().map(|(name, value)| format!("{name}={value}"));
        settings.collect::<Vec<_>>().join(",")
    }

    /// Kafka's first line of a topic.
    pub(super) fn heading(&self) -> String {
        format!(
            "Topic: {}\tTopicId: {}\tPartitionCount: {}\tReplicationFactor: {}\tConfigs: {}\n",
            self.topic,
            self.topic_id,
            self.partitions.len(),
            self.replication_factor,
            self.config_text()
        )
    }

    /// Kafka's lines of the partitions.
    pub(super) fn partition_lines(&self, elr: Elr) -> String {
        let mut text = String::new();
        for partition in &self.partitions {
            let leader = partition.leader.map_or("none".to_owned(), |leader| leader.to_string());
            let (elr, last_known) = match elr {
                Elr::Known => (joined(&partition.elr), joined(&partition.last_known_elr)),
                Elr::NotAsked => ("N/A".to_owned(), "N/A".to_owned()),
            };
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "\tTopic: {}\tPartition: {}\tLeader: {leader}\tReplicas: {}\tIsr: {}\tElr: {elr}\tLastKnownElr: {last_known}",
                self.topic,
                partition.partition,
                joined(&partition.replicas),
                joined(&partition.isr),
            );
        }
        text
    }
}

impl PartitionView {
    fn new(partition: &PartitionDescription) -> PartitionView {
        PartitionView {
            partition: partition.partition.0,
            leader: partition.leader.map(|leader| leader.0),
            replicas: ids(&partition.replicas),
            isr: ids(&partition.isr),
            elr: ids(&partition.elr),
            last_known_elr: ids(&partition.last_known_elr),
        }
    }

    fn cells(&self, topic: &str) -> Vec<String> {
        vec![
            topic.to_owned(),
            self.partition.to_string(),
            self.leader.map_or("none".to_owned(), |leader| leader.to_string()),
            joined(&self.replicas),
            joined(&self.isr),
        ]
    }
}

/// A table of the topics, for a person.
pub(super) fn topic_table(topics: &[TopicView]) -> String {
    let header = [
        ("TOPIC", Align::Left),
        ("PARTITIONS", Align::Right),
        ("REPLICAS", Align::Right),
        ("ID", Align::Left),
        ("CONFIGS", Align::Left),
    ];
    let row = |topic: &TopicView| {
        vec![
            topic.topic.clone(),
            topic.partitions.len().to_string(),
            topic.replication_factor.to_string(),
            topic.topic_id.clone(),
            topic.config_text(),
        ]
    };
    table(&header, &topics.iter().map(row).collect::<Vec<_>>())
}

fn partition_rows(topics: &[TopicView]) -> Vec<Vec<String>> {
    let rows = topics
        .iter()
        .flat_map(|topic| topic.partitions.iter().map(|partition| partition.cells(&topic.topic)));
    rows.collect()
}

/// A table of the topics' partitions, for a person.
pub(super) fn partition_table(topics: &[TopicView]) -> String {
    let header = [
        ("TOPIC", Align::Left),
        ("PARTITION", Align::Right),
        ("LEADER", Align::Right),
        ("REPLICAS", Align::Left),
        ("ISR", Align::Left),
    ];
    table(&header, &partition_rows(topics))
}

/// A line for each partition.
pub(super) fn partition_csv(topics: &[TopicView]) -> String {
    let header = csv_line(&["topic", "partition", "leader", "replicas", "isr"]);
    partition_rows(topics).iter().fold(header, |text, row| text + &csv_line(row))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{LeaderEpoch, PartitionId, Uuid};

    fn view() -> TopicView {
        let partition = |number, leader| PartitionDescription {
            partition: PartitionId(number),
            leader,
            leader_epoch: LeaderEpoch(0),
            replicas: vec![BrokerId(2), BrokerId(1)],
            isr: vec![BrokerId(2)],
            elr: vec![BrokerId(1)],
            last_known_elr: Vec::new(),
        };
        let topic = TopicDescription {
            name: "t".to_owned(),
            id: Uuid::ZERO,
            internal: false,
            partitions: vec![partition(0, Some(BrokerId(2))), partition(1, None)],
        };
        TopicView::new(topic, vec![("b".to_owned(), "1,2".to_owned()), ("a".to_owned(), "x".to_owned())])
    }

    #[test]
    fn the_text_is_kafkas() {
        let view = view();
        assert_eq!(
            view.heading(),
            "Topic: t\tTopicId: AAAAAAAAAAAAAAAAAAAAAA\tPartitionCount: 2\tReplicationFactor: 2\tConfigs: b=1,2,a=x\n"
        );
        assert_eq!(
            view.partition_lines(Elr::Known),
            "\tTopic: t\tPartition: 0\tLeader: 2\tReplicas: 2,1\tIsr: 2\tElr: 1\tLastKnownElr: \n\
             \tTopic: t\tPartition: 1\tLeader: none\tReplicas: 2,1\tIsr: 2\tElr: 1\tLastKnownElr: \n"
        );
        assert!(view.partition_lines(Elr::NotAsked).ends_with("\tIsr: 2\tElr: N/A\tLastKnownElr: N/A\n"));
    }

    #[test]
    fn other_forms_have_a_row_for_each_partition() {
        let views = [view()];
        assert_eq!(
            partition_csv(&views),
            "topic,partition,leader,replicas,isr\nt,0,2,\"2,1\",2\nt,1,none,\"2,1\",2\n"
        );
        assert_eq!(partition_table(&views).lines().count(), 3);
        let json = serde_json::to_value(&views).unwrap();
        assert_eq!(json[0]["configs"]["b"], "1,2");
        assert_eq!(json[0]["partitions"][1]["leader"], serde_json::Value::Null);
    }
}
