//! The steps of a transaction, decided on what is known of its id:
//! Empty → Ongoing → PrepareCommit or PrepareAbort → CompleteCommit or CompleteAbort → Ongoing …
//!
//! With transaction.version 2 the producer epoch rises at each end: from Prepare on, the record, the markers and what
//! the producer sends next carry the raised one. Where the epochs of a producer id run out, a new id follows. A client
//! that doesn't know of it keeps its epoch over all of its transactions; it has to be fenced for the epoch to rise. Each
//! function answers the value to be written; nothing has happened before that is durable.

use super::error::{Error, Result};
use super::records::{Status, TransactionValue};
use crate::types::{TimestampMs, TopicPartition};

/// The last epoch that a producer gets; the one above is kept for the end of its last transaction.
pub(crate) const EPOCH_LAST: i16 = i16::MAX - 1;

/// How a client ends its transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Its epoch stays (KIP-98).
    Classic,
    /// Its epoch rises at each end (KIP-890).
    Rising,
}

impl Protocol {
    /// What records say of it.
    const fn client_version(self) -> i16 {
        match self {
            Protocol::Classic => 0,
            Protocol::Rising => 2,
        }
    }
}

/// What a producer's wish to end its transaction comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Write this, then the markers.
    Prepared(TransactionValue),
    /// That end is decided, but maybe not all of its markers are written: do that.
    Unfinished(TransactionValue),
    /// It has ended that way already: the producer didn't hear of it.
    Done(TransactionValue),
}

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

/// Whether a producer that was the newest one with this id and epoch may go on as the next one: there was none in between.
pub(crate) fn may_go_on(known: Option<&TransactionValue>, producer_id: i64, epoch: i16) -> bool {
    let Some(known) = known.filter(|known| known.status != Status::Dead) else { return true };
    (known.producer_id, known.producer_epoch) == (producer_id, epoch)
        // Its transaction has ended, maybe because its time was over, and it didn't hear of it.
        || known.status != Status::Empty && known.status != Status::Ongoing && was_before(known, producer_id, epoch)
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
    protocol: Protocol,
    now: TimestampMs,
) -> Result<TransactionValue> {
    let mut next = own(known, producer_id, epoch)?.clone();
    match next.status {
        Status::Ongoing => {}
        Status::Empty | Status::CompleteCommit | Status::CompleteAbort => {
            next.partitions.clear();
            next.start = match protocol {
                Protocol::Rising => now,
                // Tells it from the one before, which had the same epoch.
                Protocol::Classic => now.max(TimestampMs(next.last_update.0.saturating_add(1))),
            };
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
    next.last_update = now.max(next.start);
    next.client_version = protocol.client_version();
    Ok(next)
}

/// Decides the end of an open transaction: `to` is `PrepareCommit` or `PrepareAbort`. The epoch rises; `fresh_id` is
/// needed only where the epochs run out.
pub(crate) fn prepare(
    known: Option<&TransactionValue>,
    producer_id: i64,
    epoch: i16,
    to: Status,
    fresh_id: Option<i64>,
    now: TimestampMs,
) -> Result<TransactionValue> {
    let known = own(known, producer_id, epoch)?;
    match known.status {
        Status::Ongoing => raise(known, to, fresh_id, now),
        other => Err(Error::State(other)),
    }
}

/// The value with its end decided and the epoch raised.
fn raise(
    known: &TransactionValue,
    to: Status,
    fresh_id: Option<i64>,
    now: TimestampMs,
) -> Result<TransactionValue> {
    let mut next = known.clone();
    if next.producer_epoch >= EPOCH_LAST {
        next.next_producer_id = fresh_id.ok_or(Error::Fenced)?;
        next.next_producer_epoch = 0;
    }
    next.producer_epoch = next.producer_epoch.saturating_add(1);
    next.status = to;
    next.last_update = now.max(next.start);
    next.client_version = Protocol::Rising.client_version();
    Ok(next)
}

/// Decides what a producer's wish to end its transaction comes to, which may have been granted before without its
/// knowing: `to` is `PrepareCommit` or `PrepareAbort`. By the new protocol even nothing can be aborted, for the epoch to
/// rise: the producer may not know what it has left on its way.
pub(crate) fn end(
    known: Option<&TransactionValue>,
    (producer_id, epoch): (i64, i16),
    to: Status,
    protocol: Protocol,
    fresh_id: Option<i64>,
    now: TimestampMs,
) -> Result<End> {
    let known = known.ok_or(Error::Fenced)?;
    let is_present = (known.producer_id, known.producer_epoch) == (producer_id, epoch);
    // Whose end is in the record, or was.
    let is_ended = match protocol {
        Protocol::Classic => is_present,
        Protocol::Rising => was_before(known, producer_id, epoch),
    };
    match known.status {
        Status::Ongoing if is_present => match protocol {
            Protocol::Rising => raise(known, to, fresh_id, now).map(End::Prepared),
            Protocol::Classic => {
                let last_update = now.max(known.start);
                let client_version = protocol.client_version();
                Ok(End::Prepared(TransactionValue {
                    status: to,
                    last_update,
                    client_version,
                    ..known.clone()
                }))
            }
        },
        Status::PrepareCommit | Status::PrepareAbort if is_ended && known.status == to => {
            Ok(End::Unfinished(known.clone()))
        }
        Status::CompleteCommit if is_ended && to == Status::PrepareCommit => Ok(End::Done(known.clone())),
        Status::CompleteAbort if is_ended && to == Status::PrepareAbort => Ok(End::Done(known.clone())),
        Status::Empty | Status::CompleteCommit | Status::CompleteAbort
            if is_present && protocol == Protocol::Rising && to == Status::PrepareAbort =>
        {
            raise(known, to, fresh_id, now).map(End::Prepared)
        }
        status if is_present || is_ended => Err(Error::State(status)),
        _ => Err(Error::Fenced),
    }
}

/// Whether a producer's epoch is the one from which the end of its last transaction has raised it.
fn was_before(known: &TransactionValue, producer_id: i64, epoch: i16) -> bool {
    let is_worn_out = epoch == EPOCH_LAST && known.producer_epoch == 0;
    known.producer_id == producer_id && epoch.checked_add(1) == Some(known.producer_epoch)
        || is_worn_out && known.previous_producer_id == producer_id
}

/// The value when every marker of `prepared` is written. Fails if the id has moved on meanwhile.
pub(crate) fn complete(
    known: Option<&TransactionValue>,
    prepared: &TransactionValue,
    now: TimestampMs,
) -> Result<TransactionValue> {
    let mut next = own(known, prepared.producer_id, prepared.producer_epoch)?.clone();
    if next.start != prepared.start {
        return Err(Error::Fenced);
    }
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
    next.last_update = now.max(next.last_update);
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::PartitionId;

    const NOW: TimestampMs = TimestampMs(100);
    const RISING: Protocol = Protocol::Rising;

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
        let open = add_partitions(Some(&empty), 7, 0, &[partition(1), partition(1)], RISING, NOW).unwrap();
        let open = add_partitions(Some(&open), 7, 0, &[partition(0)], RISING, TimestampMs(101)).unwrap();
        assert_eq!(open.partitions, [("pay".to_owned(), vec![1, 0])]);
        assert_eq!((open.start, open.last_update, open.client_version), (NOW, TimestampMs(101), 2));
        let prepared = prepare(Some(&open), 7, 0, Status::PrepareCommit, None, NOW).unwrap();
        assert_eq!((prepared.status, prepared.producer_epoch), (Status::PrepareCommit, 1));
        let done = complete(Some(&prepared), &prepared, NOW).unwrap();
        assert_eq!((done.status, done.producer_epoch, done.start), (Status::CompleteCommit, 1, NOW));
        assert!(done.partitions.is_empty());
        let next = add_partitions(Some(&done), 7, 1, &[partition(2)], RISING, TimestampMs(200)).unwrap();
        assert_eq!((next.start, next.written()), (TimestampMs(200), vec![partition(2)]));
    }

    #[test]
    fn a_new_producer_fences_the_old_one_and_ends_its_transaction() {
        let empty = new_producer();
        let open = add_partitions(Some(&empty), 7, 0, &[partition(0)], RISING, NOW).unwrap();
        let Begin::Abort(prepared) = initialise(Some(&open), 1000, None, NOW).unwrap() else { panic!() };
        assert_eq!((prepared.status, prepared.producer_epoch), (Status::PrepareAbort, 1));
        assert_eq!(add_partitions(Some(&prepared), 7, 0, &[partition(1)], RISING, NOW), Err(Error::Fenced));
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
        let open = add_partitions(Some(&worn), 7, EPOCH_LAST, &[partition(0)], RISING, NOW).unwrap();
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
        assert_eq!(add_partitions(None, 7, 0, &[], RISING, NOW), Err(Error::Fenced));
    }

    #[test]
    fn a_classic_client_keeps_its_epoch_until_it_is_fenced() {
        const CLASSIC: Protocol = Protocol::Classic;
        let empty = new_producer();
        let open = add_partitions(Some(&empty), 7, 0, &[partition(0)], CLASSIC, NOW).unwrap();
        assert_eq!((open.client_version, open.start), (0, TimestampMs(101)));
        let commit =
            |known: &TransactionValue| end(Some(known), (7, 0), Status::PrepareCommit, CLASSIC, None, NOW);
        let abort =
            |known: &TransactionValue| end(Some(known), (7, 0), Status::PrepareAbort, CLASSIC, None, NOW);
        let Ok(End::Prepared(prepared)) = commit(&open) else { panic!() };
        assert_eq!((prepared.status, prepared.producer_epoch), (Status::PrepareCommit, 0));
        assert_eq!(commit(&prepared), Ok(End::Unfinished(prepared.clone())));
        assert_eq!(abort(&prepared), Err(Error::State(Status::PrepareCommit)));
        let done = complete(Some(&prepared), &prepared, NOW).unwrap();
        assert_eq!(commit(&done), Ok(End::Done(done.clone())));
        assert_eq!(abort(&done), Err(Error::State(Status::CompleteCommit)));
        assert_eq!(abort(&empty), Err(Error::State(Status::Empty)));
        // Who still writes the markers of the first must not complete the second, whose epoch is the same.
        let next = add_partitions(Some(&done), 7, 0, &[partition(1)], CLASSIC, NOW).unwrap();
        let Ok(End::Prepared(second)) = commit(&next) else { panic!() };
        assert_eq!(complete(Some(&second), &prepared, NOW), Err(Error::Fenced));
        let Ok(Begin::Abort(fenced)) = initialise(Some(&next), 1000, None, NOW) else { panic!() };
        assert_eq!(fenced.producer_epoch, 1);
        assert_eq!(commit(&fenced), Err(Error::Fenced));
    }

    #[test]
    fn who_did_not_hear_of_an_end_is_told_again() {
        let ask = |known: &TransactionValue, epoch, to| end(Some(known), (7, epoch), to, RISING, None, NOW);
        let (commit, abort) = (Status::PrepareCommit, Status::PrepareAbort);
        let empty = new_producer();
        let open = add_partitions(Some(&empty), 7, 0, &[partition(0)], RISING, NOW).unwrap();
        let Ok(End::Prepared(prepared)) = ask(&open, 0, commit) else { panic!() };
        assert_eq!(ask(&prepared, 0, commit), Ok(End::Unfinished(prepared.clone())));
        assert_eq!(ask(&prepared, 0, abort), Err(Error::State(Status::PrepareCommit)));
        let done = complete(Some(&prepared), &prepared, NOW).unwrap();
        assert_eq!(ask(&done, 0, commit), Ok(End::Done(done.clone())));
        assert_eq!(ask(&done, 0, abort), Err(Error::State(Status::CompleteCommit)));
        assert_eq!(ask(&done, 1, commit), Err(Error::State(Status::CompleteCommit)));
        assert_eq!(ask(&done, 5, commit), Err(Error::Fenced));
        let Ok(End::Prepared(nothing)) = ask(&done, 1, abort) else { panic!() };
        assert_eq!((nothing.producer_epoch, nothing.written()), (2, Vec::new()));
        let nothing = complete(Some(&nothing), &nothing, NOW).unwrap();
        assert_eq!(ask(&nothing, 1, abort), Ok(End::Done(nothing.clone())));
        // A worn out id is followed by another.
        let worn = TransactionValue { producer_epoch: EPOCH_LAST, ..open };
        let ended = end(Some(&worn), (7, EPOCH_LAST), commit, RISING, Some(9), NOW);
        let Ok(End::Prepared(prepared)) = ended else { panic!() };
        let done = complete(Some(&prepared), &prepared, NOW).unwrap();
        assert_eq!(ask(&done, EPOCH_LAST, commit), Ok(End::Done(done)));
    }

    #[test]
    fn a_producer_goes_on_unless_there_was_another() {
        let empty = new_producer();
        assert!(may_go_on(None, 7, 3));
        assert!(may_go_on(Some(&empty), 7, 0));
        let next = TransactionValue { producer_epoch: 1, ..empty.clone() };
        assert!(!may_go_on(Some(&next), 7, 0), "a newer one has begun");
        let timed_out = TransactionValue { status: Status::CompleteAbort, ..next };
        assert!(may_go_on(Some(&timed_out), 7, 0));
        assert!(!may_go_on(Some(&timed_out), 8, 0));
    }
}
