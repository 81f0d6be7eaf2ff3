//! What is sent on account of a record that is done: its output, or the record itself as a dead letter. And where to.

use super::failing::letter_headers;
use super::window::{Entry, Product};
use crate::cli::target::Connection;
use crate::client::{
    self, Acks, Codec, Partitioner, Producer, ProducerConfig, ProducerRecord, TRANSACTION_TIMEOUT_MS,
};
use crate::types::{ErrorCode, Header};
use std::collections::BTreeMap;

/// Where outputs and dead letters go, and in whose name.
#[derive(Clone, Debug, Default)]
pub(super) struct Destinations {
    pub(super) output: Option<String>,
    pub(super) letters: Option<String>,
    /// The group that dead letters tell of.
    pub(super) group: Option<String>,
}

impl Destinations {
    /// Has `send` send what is due for a record, if anything is. An output has the record's key, headers and time; a
    /// dead letter is the record as it was, with headers behind its own that say why.
    pub(super) fn send(
        &self,
        entry: &Entry,
        product: &Product,
        send: impl FnOnce(&str, &ProducerRecord<'_>) -> client::Result<()>,
    ) -> client::Result<()> {
        let record = &entry.record;
        let mut headers: Vec<Header<'_>> = record.headers().collect();
        let reasons;
        let (topic, value) = match product {
            Product::Nothing => return Ok(()),
            Product::Output(value) => (&self.output, Some(value.as_slice())),
            Product::Letter(failing) => {
                reasons = letter_headers(record, failing, entry.attempts, self.group.as_deref());
                headers.extend(
                    reasons.iter().map(|(name, value)| Header { key: name.as_bytes(), value: Some(value) }),
                );
                (&self.letters, record.value.as_deref())
            }
        };
        let Some(topic) = topic else { return Ok(()) };
        let timestamp = Some(record.timestamp).filter(|timestamp| timestamp.0 >= 0);
        let key = record.key.as_deref();
        send(topic, &ProducerRecord { partition: None, timestamp, key, value, headers: &headers })
    }
}

/// Whether an error is about one record only: another one may be sent all the same.
pub(super) fn is_about_record(error: &client::Error) -> bool {
    matches!(error.code, ErrorCode::RecordTooLarge | ErrorCode::InvalidRecord | ErrorCode::InvalidTimestamp)
}

/// A producer that waits for every record to be on the disk.
pub(super) fn producer_config(transactional_id: Option<String>) -> ProducerConfig {
    ProducerConfig {
        acks: Acks::All,
        codec: Codec::None,
        partitioner: Partitioner::Rotation,
        ignore_keys: false,
        batch_size_bytes: None,
        max_request_size_bytes: usize::MAX,
        idempotent: false,
        transactional_id,
        transaction_timeout_ms: TRANSACTION_TIMEOUT_MS,
        receipts: false,
    }
}

/// Sends without transactions.
pub(super) struct Outlets {
    connection: Connection,
    destinations: Destinations,
    /// Made for the first record: without one no topic is made.
    producers: BTreeMap<String, Box<dyn Producer>>,
}

impl Outlets {
    pub(super) fn new(connection: Connection, destinations: Destinations) -> Outlets {
        Outlets { connection, destinations, producers: BTreeMap::new() }
    }

    /// Sends what is due for a record; it is in safety only after a flush.
    pub(super) fn put(&mut self, entry: &Entry, product: &Product) -> client::Result<()> {
        let Outlets { connection, destinations, producers } = self;
        destinations.send(entry, product, |topic, record| match producers.get_mut(topic) {
            Some(producer) => producer.send(record),
            None => {
                let mut producer = connection.producer(topic, producer_config(None))?;
                producer.send(record)?;
                producers.insert(topic.to_owned(), producer);
                Ok(())
            }
        })
    }

    /// Returns when everything that was put is on the disk.
    pub(super) fn flush(&mut self) -> client::Result<()> {
        self.producers.values_mut().try_for_each(|producer| producer.flush())
    }
}
