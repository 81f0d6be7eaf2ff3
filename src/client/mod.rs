//! The contract between the commands and a cluster: what can be asked of it and in which words it answers.
//! Named after Kafka's own clients. `local` implements it on a directory. Does no I/O itself.

mod admin;
mod bulk;
mod consumer;
mod error;
mod model;
mod producer;
mod settings;
mod share;
mod storage;
mod transactions;

pub(crate) use admin::Admin;
pub(crate) use bulk::{
    BulkGap, BulkMark, BulkOrder, BulkOrigin, BulkPass, BulkPlace, BulkRange, BulkReader, BulkReading,
    BulkRecord, BulkSource, BulkStart, BulkWriter, StoredBatch,
};
pub(crate) use consumer::{
    Consumer, ConsumerConfig, ConsumerRecord, GroupMetadata, GroupProtocol, Handler, OffsetReset, Polled,
    StartOffset, Subscription,
};
pub(crate) use error::{Error, Result};
pub(crate) use model::*;
pub(crate) use producer::{
    Acks, Codec, Idle, Partitioner, Producer, ProducerConfig, ProducerRecord, Receipt,
    TRANSACTION_TIMEOUT_MS, TransactionalProducer,
};
pub(crate) use settings::{AlterConfigOp, ConfigEntry, ConfigSource, ConfigSynonym, ValueType};
pub(crate) use share::{Acknowledge, ShareConsumer, ShareConsumerConfig, ShareHandler};
pub(crate) use storage::{NewLogDirectory, NewVoter, Secret, StoredCredential};
pub(crate) use transactions::{
    AbortTransactionSpec, ProducerDescription, TransactionDescription, TransactionFilter, TransactionListing,
    TransactionState,
};
