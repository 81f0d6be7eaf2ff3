//! Transactions that hang: open in a partition, for longer than any may be, and unknown to every transactional id.

use super::request::Scope;
use super::run::failed;
use crate::cli::error::Failure;
use crate::cli::listing::{Cell, Heading, Listing};
use crate::client::{Admin, ProducerDescription, TransactionFilter, TransactionState};
use crate::output::Align::{Left, Right};
use crate::types::{BrokerId, Offset, TimestampMs, TopicPartition, now_ms};
use std::collections::{BTreeMap, BTreeSet};

const HANGING: &[Heading] = &[
    ("Topic", Left),
    ("Partition", Right),
    ("ProducerId", Right),
    ("ProducerEpoch", Right),
    ("CoordinatorEpoch", Right),
    ("StartOffset", Right),
    ("LastTimestamp", Right),
    ("Duration(min)", Right),
];
const MS_PER_MINUTE: i64 = 60_000;

/// An open transaction as a partition sees it.
type Open = (TopicPartition, ProducerDescription);

/// The transactions that hang where `scope` looks.
pub(super) fn find(admin: &dyn Admin, scope: &Scope) -> Result<Listing, Failure> {
    let now = now_ms();
    let mut open = too_long(admin, scope, now)?;
    if !open.is_empty() {
        let known = accounted_for(admin)?;
        open.retain(|(partition, producer)| {
            !known.get(&producer.producer_id).is_some_and(|partitions| partitions.contains(partition))
        });
    }
    let row = |(partition, producer): Open| {
        let age_ms = now.0.saturating_sub(producer.last_timestamp.0);
        vec![
            Cell::Text(partition.topic),
            Cell::Number(partition.partition.0.into()),
            Cell::Number(producer.producer_id),
            Cell::Number(producer.producer_epoch.into()),
            Cell::Number(producer.coordinator_epoch.unwrap_or(-1).into()),
            Cell::or_absent(producer.transaction_start.map(Offset::get)),
            Cell::Number(producer.last_timestamp.0),
            Cell::Number(age_ms / MS_PER_MINUTE),
        ]
    };
    Ok(Listing { headings: HANGING, rows: open.into_iter().map(row).collect() })
}

/// Open transactions whose last record is older than any transaction may be.
fn too_long(admin: &dyn Admin, scope: &Scope, now: TimestampMs) -> Result<Vec<Open>, Failure> {
    let longest_ms = i64::from(scope.max_timeout_minutes).saturating_mul(MS_PER_MINUTE);
    let partitions = partitions(admin, scope)?;
    let broker = scope.broker.map_or("Optional.empty".to_owned(), |BrokerId(id)| format!("Optional[{id}]"));
    let what = format!("describe producers for {} partitions on broker {broker}", partitions.len());
    let mut open = Vec::new();
    for partition in partitions {
        let producers = admin.describe_producers(&partition);
        for producer in producers.map_err(|error| failed(&what, &error.message))? {
            let age_ms = now.0.saturating_sub(producer.last_timestamp.0);
            if producer.transaction_start.is_some() && age_ms > longest_ms {
                open.push((partition.clone(), producer));
            }
        }
    }
    Ok(open)
}

/// The partitions to be looked at.
fn partitions(admin: &dyn Admin, scope: &Scope) -> Result<Vec<TopicPartition>, Failure> {
    if let (Some(topic), Some(partition)) = (&scope.topic, scope.partition) {
        return Ok(vec![TopicPartition { topic: topic.clone(), partition }]);
    }
    let names = match &scope.topic {
        Some(topic) => vec![topic.clone()],
        None => {
            let listed = admin.list_topics().map_err(|error| failed("list topics", &error.message))?;
            listed.into_iter().map(|topic| topic.name).collect()
        }
    };
    let mut found = Vec::new();
    for topic in admin.describe_topics(&names) {
        let topic =
            topic.map_err(|error| failed(&format!("describe {} topics", names.len()), &error.message))?;
        let here = topic
            .partitions
            .iter()
            .filter(|partition| scope.broker.is_none_or(|broker| partition.replicas.contains(&broker)));
        found.extend(here.map(|one| TopicPartition { topic: topic.name.clone(), partition: one.partition }));
    }
    Ok(found)
}

/// The partitions of the open transactions that transactional ids know of, by producer id.
fn accounted_for(admin: &dyn Admin) -> Result<BTreeMap<i64, BTreeSet<TopicPartition>>, Failure> {
    let listed = admin.list_transactions(&TransactionFilter::default());
    let mut known = BTreeMap::new();
    for listing in listed.map_err(|error| failed("list transactions", &error.message))? {
        if matches!(listing.state, TransactionState::Empty) {
            continue;
        }
        // An id that is gone since it was listed accounts for nothing.
        let Ok(description) = admin.describe_transaction(&listing.transactional_id) else { continue };
        known.insert(listing.producer_id, description.partitions.into_iter().collect());
    }
    Ok(known)
}
