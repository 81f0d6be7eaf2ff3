//! Exactly once: what came of a partition's records, and how far they are done, in one transaction.
//!
//! Each partition that is read has a transactional id of its own, made of the group and the partition. Whoever gets the
//! partition opens it, before it is looked up where reading begins: that aborts what a dead predecessor left open (or
//! completes what it had decided to commit), and fences one that only seems to be dead. The offsets are committed in the
//! member's name, so that one whom the group has given up is refused, too (KIP-447). A transaction is opened only when
//! everything that belongs to it is at hand, so that nobody waits for a command to end.

use super::outgoing::{Destinations, is_about_record, producer_config};
use super::window::{Lane, Ticket};
use crate::cli::commands::consume::delivery::is_rebalancing;
use crate::cli::target::Connection;
use crate::client::{self, CommittedOffset, GroupMetadata, TransactionalProducer};
use crate::types::{ErrorCode, TopicPartition};
use std::collections::BTreeMap;

/// The producers of the partitions that this member has.
pub(super) struct Transactions {
    connection: Connection,
    destinations: Destinations,
    /// The topic that each of them is opened for.
    output: String,
    group: String,
    producers: BTreeMap<TopicPartition, Box<dyn TransactionalProducer>>,
}

/// Why a transaction was not committed. It is aborted.
#[derive(Debug)]
pub(super) enum Refused {
    /// What came of this record can't be stored.
    Record(Ticket, client::Error),
    /// The group is sharing its partitions out: the next poll tells what is still ours.
    Rebalancing,
    /// Somebody else has opened the partition.
    Fenced,
    Failed(client::Error),
}

impl Transactions {
    pub(super) fn new(connection: Connection, destinations: Destinations, group: String) -> Transactions {
        let output = destinations.output.clone().unwrap_or_default();
        Transactions { connection, destinations, output, group, producers: BTreeMap::new() }
    }

    /// Takes a partition over from whoever had it.
    pub(super) fn open(&mut self, partition: &TopicPartition) -> client::Result<()> {
        // No topic has a colon in its name, so no two of them are alike.
        let id = format!("kt-exec:{}:{}:{}", partition.topic, partition.partition, self.group);
        // The old one goes first: it must not hear of its successor.
        self.producers.remove(partition);
        let producer = self.connection.transactional_producer(&self.output, producer_config(Some(id)))?;
        self.producers.insert(partition.clone(), producer);
        Ok(())
    }

    /// Lets go of a partition.
    pub(super) fn close(&mut self, partition: &TopicPartition) {
        self.producers.remove(partition);
    }

    /// Commits what came of the done records of a partition together with its new position.
    pub(super) fn commit(
        &mut self,
        lane: &Lane,
        position: CommittedOffset,
        member: &GroupMetadata,
    ) -> Result<(), Refused> {
        let Some(producer) = self.producers.get_mut(&*lane.partition) else {
            return Err(Refused::Fenced);
        };
        let mut culprit = None;
        let outcome = producer.begin_transaction().and_then(|()| {
            for (entry, product) in lane.done() {
                culprit = Some(entry.ticket());
                self.destinations.send(entry, product, |topic, record| producer.send_to(topic, record))?;
            }
            culprit = None;
            producer.send_offsets(member, &[((*lane.partition).clone(), position)])?;
            producer.commit_transaction()
        });
        let Err(error) = outcome else { return Ok(()) };
        // One that can't even be aborted is of no use any more; the partition's next owner does it.
        if producer.abort_transaction().is_err() {
            self.producers.remove(&*lane.partition);
        }
        Err(match (culprit, error.code) {
            (Some(ticket), _) if is_about_record(&error) => Refused::Record(ticket, error),
            (_, ErrorCode::ProducerFenced) => Refused::Fenced,
            _ if is_rebalancing(&error) => Refused::Rebalancing,
            _ => Refused::Failed(error),
        })
    }
}
