//! The steps of a transaction, decided on what is known of its id:
//! Empty → Ongoing → PrepareCommit or PrepareAbort → CompleteCommit or CompleteAbort → Ongoing …
//!
//! With transaction.version 2 the producer epoch rises at each end: from Prepare on, the record, the markers and what
//! the producer sends next carry the raised one. Where the epochs of a producer id run out, a new id follows. Each
//! function answers the value to be written; nothing has happened before that is durable.

use super::error::{Error, Result};
use super::records::{Status, TransactionValue};
use crate::types::{TimestampMs, TopicPartition};

/// The last epoch that a producer gets; the one above is kept for the end of its last transaction.
pub(crate) const EPOCH_LAST: i16 = i16::MAX - 1;
/// What a client says that ends its transactions by KIP-890.
const CLIENT_VERSION: i16 = 2;

/// How a new producer of a transactional id begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Begin {
    /// Write this: the producer id and epoch are the new producer's.
    Ready(TransactionValue),
    /// A predecessor's transaction is to be aborted first: write this, then the markers.
    Abort(TransactionValue),
    /// A predecessor's end is decided but maybe not all of its markers are written: do that first.
    Finish(TransactionValue),
    /// A fresh producer id is needed: ask again with one.
    NeedsProducerId,
}

/// Decides how a new producer begins. `fresh_id` is a producer id that nobody has.
pub(crate) fn initialise(
    known: Option<&TransactionValue>,
    timeout_ms: i32,
    fresh_id: Option<i64>,
    now: TimestampMs,
) -> Result<Begin> {
    let ready = |producer_id, producer_epoch, previous_producer_id| {
        Begin::Ready(TransactionValue {
            producer_id,
            producer_epoch,
            timeout_ms,
            status: Status::Empty,
            partitions: Vec::new(),
            last_update: now,
            start: TimestampMs::NONE,
            previous_producer_id,
            next_producer_id: -1,
            client_version: 0,
            next_producer_epoch: -1,
        })
    };
    let fresh = |previous| fresh_id.map_or(Begin::NeedsProducerId, |id| ready(id, 0, previous));
    let Some(known) = known.filter(|known| known.status != Status::Dead) else { return Ok(fresh(-1)) };
    match known.status {
        Status::PrepareCommit | Status::PrepareAbort => Ok(Begin::Finish(known.clone())),
        Status::Ongoing => {
            if known.producer_epoch >= EPOCH_LAST && fresh_id.is_none() {
                return Ok(Begin::NeedsProducerId);
            }
            let (id, epoch) = (known.producer_id, known.producer_epoch);
            prepare(Some(known), id, epoch, Status::PrepareAbort, fresh_id, now).map(Begin::Abort)
        }
        _ if known.producer_epoch >= EPOCH_LAST => Ok(fresh(known.producer_id)),
        _ => Ok(ready(known.producer_id, known.producer_epoch + 1, -1)),
    }
}

/// What is known of the id, if it still speaks of this producer.
fn own(known: Option<&TransactionValue>, producer_id: i64, epoch: i16) -> Result<&TransactionValue> {
    known
        .filter(|known| (known.producer_id, known.producer_epoch) == (producer_id, epoch))
        .ok_or(Error::Fenced)
}

/// Begins a transaction, or goes on with it, by adding partitions that are about to be written to.
pub(crate) fn add_partitions(
    known: Option<&TransactionValue>,
    producer_id: i64,
    epoch: i16,
    partitions: &[TopicPartition],
    now: TimestampMs,
) -> Result<TransactionValue> {
    let mut next = own(known, producer_id, epoch)?.clone();
    match next.status {
        Status::Ongoing => {}
        Status::Empty | Status::CompleteCommit | Status::CompleteAbort => {
            next.partitions.clear();
            next.start = now;
        }
        other => return Err(Error::State(other)),
    }
    for new in partitions {
        match next.partitions.iter_mut().find(|(topic, _)| *topic == new.topic) {
            Some((_, ids)) if ids.contains(&new.partition.0) => {}
            Some((_, ids)) => ids.push(new.partition.0),
            None => next.partitions.push((new.topic.clone(), vec![new.partition.0])),
        }
    }
    next.status = Status::Ongoing;
    next.last_update = now;
    next.client_version = CLIENT_VERSION;
    Ok(next)
}

/// Decides the end of an open transaction: `to` is `PrepareCommit` or `PrepareAbort`. `fresh_id` is needed only where
/// the epochs run out.
pub(crate) fn prepare(
    known: Option<&TransactionValue>,
    producer_id: i64,
    epoch: i16,
    to: Status,
    fresh_id: Option<i64>,
    now: TimestampMs,
) -> Result<TransactionValue> {
    let mut next = own(known, producer_id, epoch)?.clone();
    if next.status != Status::Ongoing {
        return Err(Error::State(next.status));
    }
    if epoch >= EPOCH_LAST {
        next.next_producer_id = fresh_id.ok_or(Error::Fenced)?;
        next.next_producer_epoch = 0;
    }
    next.producer_epoch = epoch.saturating_add(1);
    next.status = to;
    next.last_update = now;
    next.client_version = CLIENT_VERSION;
    Ok(next)
}

/// The value when every marker of `prepared` is written. Fails if the id has moved on meanwhile.
pub(crate) fn complete(
    known: Option<&TransactionValue>,
    prepared: &TransactionValue,
    now: TimestampMs,
) -> Result<TransactionValue> {
    let mut next = own(known, prepared.producer_id, prepared.producer_epoch)?.clone();
    next.status = match next.status {
        Status::PrepareCommit => Status::CompleteCommit,
        Status::PrepareAbort => Status::CompleteAbort,
        other => return Err(Error::State(other)),
    };
    if next.next_producer_id >= 0 {
        next.previous_producer_id = next.producer_id;
        next.producer_id = next.next_producer_id;
        next.producer_epoch = 0;
        next.next_producer_id = -1;
        next.next_producer_epoch = -1;
    }
    next.partitions.clear();
    next.last_update = now;
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::PartitionId;

    const NOW: TimestampMs = TimestampMs(100);

    fn partition(number: i32) -> TopicPartition {
        TopicPartition { topic: "pay".to_owned(), partition: PartitionId(number) }
    }

    fn ready(begin: Begin) -> TransactionValue {
        match begin {
            Begin::Ready(value) => value,
            other => panic!("{other:?}"),
        }
    }

    fn new_producer() -> TransactionValue {
        ready(initialise(None, 1000, Some(7), NOW).unwrap())
    }

    #[test]
    fn a_transaction_goes_through_its_states_and_raises_the_epoch_at_its_end() {
        assert_eq!(initialise(None, 1000, None, NOW), Ok(Begin::NeedsProducerId));
        let empty = new_producer();
        assert_eq!((empty.status, empty.producer_id, empty.producer_epoch), (Status::Empty, 7, 0));
        let open = add_partitions(Some(&empty), 7, 0, &[partition(1), partition(1)], NOW).unwrap();
        let open = add_partitions(Some(&open), 7, 0, &[partition(0)], TimestampMs(101)).unwrap();
        assert_eq!(open.partitions, [("pay".to_owned(), vec![1, 0])]);
        assert_eq!((open.start, open.last_update, open.client_version), (NOW, TimestampMs(101), 2));
        let prepared = prepare(Some(&open), 7, 0, Status::PrepareCommit, None, NOW).unwrap();
        assert_eq!((prepared.status, prepared.producer_epoch), (Status::PrepareCommit, 1));
        let done = complete(Some(&prepared), &prepared, NOW).unwrap();
        assert_eq!((done.status, done.producer_epoch, done.start), (Status::CompleteCommit, 1, NOW));
        assert!(done.partitions.is_empty());
        let next = add_partitions(Some(&done), 7, 1, &[partition(2)], TimestampMs(200)).unwrap();
        assert_eq!((next.start, next.written()), (TimestampMs(200), vec![partition(2)]));
    }

    #[test]
    fn a_new_producer_fences_the_old_one_and_ends_its_transaction() {
        let empty = new_producer();
        let open = add_partitions(Some(&empty), 7, 0, &[partition(0)], NOW).unwrap();
        let Begin::Abort(prepared) = initialise(Some(&open), 1000, None, NOW).unwrap() else { panic!() };
        assert_eq!((prepared.status, prepared.producer_epoch), (Status::PrepareAbort, 1));
        assert_eq!(add_partitions(Some(&prepared), 7, 0, &[partition(1)], NOW), Err(Error::Fenced));
        assert_eq!(prepare(Some(&prepared), 7, 0, Status::PrepareCommit, None, NOW), Err(Error::Fenced));
        assert_eq!(initialise(Some(&prepared), 1000, None, NOW), Ok(Begin::Finish(prepared.clone())));
        let done = complete(Some(&prepared), &prepared, NOW).unwrap();
        assert_eq!(done.status, Status::CompleteAbort);
        assert!(complete(Some(&done), &prepared, NOW).is_err());
        let fresh = ready(initialise(Some(&done), 2000, None, NOW).unwrap());
        assert_eq!((fresh.producer_id, fresh.producer_epoch, fresh.timeout_ms), (7, 2, 2000));
        assert_eq!((fresh.status, fresh.start), (Status::Empty, TimestampMs::NONE));
    }

    #[test]
    fn when_the_epochs_run_out_another_producer_id_follows() {
        let worn = TransactionValue { producer_epoch: EPOCH_LAST, ..new_producer() };
        assert_eq!(initialise(Some(&worn), 1000, None, NOW), Ok(Begin::NeedsProducerId));
        let fresh = ready(initialise(Some(&worn), 1000, Some(9), NOW).unwrap());
        assert_eq!((fresh.producer_id, fresh.producer_epoch, fresh.previous_producer_id), (9, 0, 7));
        let open = add_partitions(Some(&worn), 7, EPOCH_LAST, &[partition(0)], NOW).unwrap();
        let prepared = prepare(Some(&open), 7, EPOCH_LAST, Status::PrepareCommit, Some(9), NOW).unwrap();
        assert_eq!((prepared.producer_id, prepared.producer_epoch), (7, i16::MAX));
        let done = complete(Some(&prepared), &prepared, NOW).unwrap();
        assert_eq!((done.producer_id, done.producer_epoch, done.previous_producer_id), (9, 0, 7));
    }

    #[test]
    fn a_step_out_of_turn_is_refused() {
        let empty = new_producer();
        let wrong = Err(Error::State(Status::Empty));
        assert_eq!(prepare(Some(&empty), 7, 0, Status::PrepareCommit, None, NOW), wrong);
        assert_eq!(complete(Some(&empty), &empty, NOW), wrong);
        assert_eq!(add_partitions(None, 7, 0, &[], NOW), Err(Error::Fenced));
    }
}
