//! Carries out what was asked, and words what could not be done.

use super::hanging;
use super::request::{Request, Which};
use crate::cli::config::Properties;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::java_order;
use crate::cli::listing::{Cell, Heading, Listing};
use crate::cli::parse::Parsed;
use crate::client::{
    self, AbortTransactionSpec, Admin, ProducerDescription, TransactionDescription, TransactionFilter,
};
use crate::output::Align::{Left, Right};
use crate::types::{BrokerId, ErrorCode, Offset, TopicPartition, now_ms};
use std::io::Write;

const LIST: &[Heading] =
    &[("TransactionalId", Left), ("Coordinator", Right), ("ProducerId", Right), ("TransactionState", Left)];
const DESCRIBE: &[Heading] = &[
    ("CoordinatorId", Right),
    ("TransactionalId", Left),
    ("ProducerId", Right),
    ("ProducerEpoch", Right),
    ("TransactionState", Left),
    ("TransactionTimeoutMs", Right),
    ("CurrentTransactionStartTimeMs", Right),
    ("TransactionDurationMs", Right),
    ("TopicPartitions", Left),
];
const PRODUCERS: &[Heading] = &[
    ("ProducerId", Right),
    ("ProducerEpoch", Right),
    ("LatestCoordinatorEpoch", Right),
    ("LastSequence", Right),
    ("LastTimestamp", Right),
    ("CurrentTransactionStartOffset", Right),
];

/// Runs the tool.
pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let request = Request::new(parsed)?;
    let format = context.format(parsed)?;
    check_config(parsed)?;
    let admin = context.connect(parsed)?.admin()?;
    let admin = admin.as_ref();
    let listing = match request {
        Request::List(filter) => list(admin, filter.as_ref())?,
        Request::Describe { transactional_id } => describe(admin, &transactional_id)?,
        Request::DescribeProducers { partition, broker } => describe_producers(admin, &partition, broker)?,
        Request::Abort { partition, which } => return abort(admin, partition, which),
        Request::FindHanging(scope) => hanging::find(admin, &scope)?,
        Request::Terminate { transactional_id } => {
            let what = format!("force terminate transactionalId `{transactional_id}`");
            admin.fence_producer(&transactional_id).map_err(|error| failed(&what, &error.message))?;
            return Ok(Status::SUCCESS);
        }
    };
    context.stdout.write_all(listing.render(format)?.as_bytes())?;
    Ok(Status::SUCCESS)
}

/// What could not be done and why, in Kafka's form.
pub(super) fn failed(what: &str, cause: &str) -> Failure {
    let message = format!("Failed to {what}: {cause}");
    let text = format!("{message}. Enable debug logging for additional detail.");
    Failure::plain(message).in_kafka(|kafka| kafka.text = text)
}

fn check_config(parsed: &Parsed) -> Result<(), Failure> {
    let Some(path) = parsed.bytes("command-config")? else { return Ok(()) };
    let unread = |_| failed("load admin client properties", &path.to_string_lossy());
    Properties::load(path).map(|_| ()).map_err(unread)
}

fn list(admin: &dyn Admin, filter: Option<&TransactionFilter>) -> Result<Listing, Failure> {
    let what = "list transactions";
    let Some(filter) = filter else {
        let cluster = admin.describe_cluster().map_err(|error| failed(what, &error.message))?;
        let broker = cluster.nodes.first().map_or(BrokerId(0), |node| node.id);
        let cause =
            format!("ListTransactions request sent to broker {broker} failed with an unexpected exception");
        return Err(failed(what, &cause)
            .kt_message("the pattern of --transactional-id-pattern is not a valid regular expression"));
    };
    let listings = admin.list_transactions(filter).map_err(|error| failed(what, &error.message))?;
    let rows = listings.into_iter().map(|one| {
        vec![
            Cell::Text(one.transactional_id),
            Cell::Number(one.coordinator.0.into()),
            Cell::Number(one.producer_id),
            Cell::Text(one.state.name().to_owned()),
        ]
    });
    Ok(Listing { headings: LIST, rows: rows.collect() })
}

fn describe(admin: &dyn Admin, id: &str) -> Result<Listing, Failure> {
    let refused = |error: client::Error| {
        let why = match error.code {
            ErrorCode::TransactionalIdNotFound => "because the ID could not be found",
            _ => "due to unexpected error",
        };
        failed(
            &format!("describe transaction state of transactional-id `{id}`"),
            &format!("DescribeTransactions request for transactionalId `{id}` failed {why}"),
        )
    };
    let TransactionDescription {
        coordinator,
        producer_id,
        producer_epoch,
        state,
        timeout_ms,
        start,
        mut partitions,
    } = admin.describe_transaction(id).map_err(refused)?;
    java_order::sort(&mut partitions, java_order::DEFAULT_CAPACITY, java_order::partition_hash);
    let row = vec![
        Cell::Number(coordinator.0.into()),
        Cell::Text(id.to_owned()),
        Cell::Number(producer_id),
        Cell::Number(producer_epoch.into()),
        Cell::Text(state.name().to_owned()),
        Cell::Number(timeout_ms.into()),
        Cell::or_absent(start.map(|start| start.0)),
        Cell::or_absent(start.map(|start| now_ms().0.saturating_sub(start.0))),
        Cell::Partitions(partitions),
    ];
    Ok(Listing { headings: DESCRIBE, rows: vec![row] })
}

fn describe_producers(
    admin: &dyn Admin,
    partition: &TopicPartition,
    broker: Option<BrokerId>,
) -> Result<Listing, Failure> {
    let who = broker.map_or("leader".to_owned(), |id| format!("broker {id}"));
    let what = format!("describe producers for partition {partition} on {who}");
    if let Some(broker) = broker {
        let cluster = admin.describe_cluster().map_err(|error| failed(&what, &error.message))?;
        if !cluster.nodes.iter().any(|node| node.id == broker) {
            let cause =
                "Timed out waiting for a node assignment. Call: describeProducers(api=DESCRIBE_PRODUCERS)";
            return Err(
                failed(&what, cause).kt_message(format!("can't {what}: the cluster has no broker {broker}"))
            );
        }
    }
    let producers = admin.describe_producers(partition).map_err(|error| failed(&what, &error.message))?;
    let row = |producer: ProducerDescription| {
        vec![
            Cell::Number(producer.producer_id),
            Cell::Number(producer.producer_epoch.into()),
            Cell::Number(producer.coordinator_epoch.unwrap_or(-1).into()),
            Cell::Number(producer.last_sequence.into()),
            Cell::Number(producer.last_timestamp.0),
            Cell::or_absent(producer.transaction_start.map(Offset::get)),
        ]
    };
    Ok(Listing { headings: PRODUCERS, rows: producers.into_iter().map(row).collect() })
}

fn abort(admin: &dyn Admin, partition: TopicPartition, which: Which) -> Result<Status, Failure> {
    let spec = match which {
        Which::Of { producer_id, producer_epoch, coordinator_epoch } => {
            AbortTransactionSpec { partition, producer_id, producer_epoch, coordinator_epoch }
        }
        Which::StartsAt(start) => {
            let what = format!("validate producer state for partition {partition}");
            let producers = admin.describe_producers(&partition);
            let producers = producers.map_err(|error| failed(&what, &error.message))?;
            let open = producers.into_iter().find(|producer| producer.transaction_start == Some(start));
            let producer = open.ok_or_else(|| {
                Failure::plain(format!(
                    "Could not find any open transactions starting at offset {start} on partition {partition}"
                ))
            })?;
            AbortTransactionSpec {
                partition,
                producer_id: producer.producer_id,
                producer_epoch: producer.producer_epoch,
                coordinator_epoch: producer.coordinator_epoch.unwrap_or(0),
            }
        }
    };
    admin.abort_transaction(&spec).map_err(|error| not_aborted(&spec, &error))?;
    Ok(Status::SUCCESS)
}

fn not_aborted(spec: &AbortTransactionSpec, error: &client::Error) -> Failure {
    let why = match error.code {
        ErrorCode::InvalidProducerEpoch => "due an invalid producer epoch".to_owned(),
        ErrorCode::TransactionCoordinatorFenced => format!(
            "since the provided coordinator epoch {} has been fenced by the active coordinator",
            spec.coordinator_epoch
        ),
        ErrorCode::InvalidRequest => {
            "due to unexpected error: The server experienced an unexpected error when processing the request."
                .to_owned()
        }
        _ => format!("due to unexpected error: {}", error.message),
    };
    failed(&format!("abort transaction {spec}"), &format!("WriteTxnMarkers request with {spec} failed {why}"))
}
