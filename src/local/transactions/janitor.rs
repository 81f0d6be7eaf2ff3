//! `Janitor`: ends the transactions that their producers don't end any more. Whoever waits for them does that: there is no
//! coordinator that would.
//!
//! - An end that was decided is carried out if the producer that decided it is dead, or is none of this machine's: whoever
//!   decided it for that one may be dead.
//! - A transaction older than its `transaction.timeout.ms` is aborted, as a coordinator does.
//! - One whose producer is dead needn't be waited for as long. A broker could not know of that death, so that for a while
//!   the transaction is left open to be seen, as it would be there.
//!
//! Source: KIP-98 (timeouts); the rest is kt's own.

use super::alive::{Life, look};
use super::end;
use super::log::TransactionLog;
use crate::client::Result;
use crate::local::cluster::Cluster;
use crate::txn::{Status, TransactionValue};
use crate::types::{TimestampMs, now_ms};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long a reader leaves a dead producer's transaction open; a coordinator looks for old ones that often.
const LEFT_OPEN: Duration = Duration::from_secs(10);
/// A reader looks again after this time.
const INTERVAL: Duration = Duration::from_secs(1);
/// Who waits for offsets of a group looks again after this time: their marker wakes nobody.
const SHORT_INTERVAL: Duration = Duration::from_millis(50);

/// What is done about a transaction whose producer is dead before its time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::local) enum Patience {
    /// Nothing.
    UntilTimeout,
    /// It is aborted after this janitor has known of the death for a while.
    ForAWhile,
    /// It is aborted.
    None,
}

/// Ends abandoned transactions, now and then.
#[derive(Default)]
pub(in crate::local) struct Janitor {
    logs: Option<Vec<TransactionLog>>,
    /// Since when a producer is known to be dead, by transactional id, producer id and epoch.
    dead: BTreeMap<(String, i64, i16), Instant>,
    last: Option<Instant>,
}

impl Janitor {
    /// Looks at every transaction, unless it has done so a moment ago, and ends those that are due. Answers how long to
    /// rest until the next look: not at all after one, for what was waited for may be there. That a transaction can't be
    /// ended is no error of who waits for it: he waits on.
    pub(in crate::local) fn look_after(&mut self, cluster: &Cluster, patience: Patience) -> Duration {
        let interval = if patience == Patience::None { SHORT_INTERVAL } else { INTERVAL };
        let rest = self.last.map_or(Duration::ZERO, |last| interval.saturating_sub(last.elapsed()));
        if !rest.is_zero() {
            return rest;
        }
        self.last = Some(Instant::now());
        match self.sweep(cluster, patience) {
            Ok(()) => Duration::ZERO,
            Err(_) => {
                self.logs = None;
                interval
            }
        }
    }

    /// Looks at every transaction and ends those that are due.
    pub(in crate::local) fn sweep(&mut self, cluster: &Cluster, patience: Patience) -> Result<()> {
        if !cluster.is_writable() {
            return Ok(());
        }
        let logs = match &mut self.logs {
            Some(logs) => {
                logs.iter_mut().try_for_each(TransactionLog::refresh)?;
                logs
            }
            None => self.logs.insert(TransactionLog::all(cluster)?),
        };
        for log in logs {
            let undecided = |value: &TransactionValue| {
                matches!(value.status, Status::Ongoing | Status::PrepareCommit | Status::PrepareAbort)
            };
            let open: Vec<_> = log.iter().filter(|(_, value)| undecided(value)).collect();
            let open: Vec<_> = open.into_iter().map(|(id, value)| (id.to_owned(), value.clone())).collect();
            for (id, value) in open {
                tend(cluster, log, &id, &value, &mut self.dead, patience)?;
            }
        }
        Ok(())
    }
}

/// Does about a transaction what is due.
fn tend(
    cluster: &Cluster,
    log: &mut TransactionLog,
    id: &str,
    value: &TransactionValue,
    dead: &mut BTreeMap<(String, i64, i16), Instant>,
    patience: Patience,
) -> Result<()> {
    let now = now_ms();
    let life = look(cluster, id)?;
    if value.status != Status::Ongoing {
        let overdue = now.0.saturating_sub(value.last_update.0) > i64::from(value.timeout_ms);
        return match life {
            Life::Dead | Life::Away => end::finish(cluster, log, id, value),
            Life::Unknown if overdue => end::finish(cluster, log, id, value),
            Life::Alive | Life::Unknown => Ok(()),
        };
    }
    let key = (id.to_owned(), value.producer_id, value.producer_epoch);
    let impatient = match patience {
        Patience::UntilTimeout => false,
        Patience::ForAWhile if life == Life::Dead => {
            dead.entry(key).or_insert_with(Instant::now).elapsed() >= LEFT_OPEN
        }
        Patience::None => life == Life::Dead,
        Patience::ForAWhile => false,
    };
    if impatient || has_timed_out(value, now) { end::abort(cluster, log, id, value) } else { Ok(()) }
}

fn has_timed_out(value: &TransactionValue, now: TimestampMs) -> bool {
    value.start != TimestampMs::NONE && deadline(value) <= now
}

/// From when on the time of an open transaction is over.
pub(super) fn deadline(value: &TransactionValue) -> TimestampMs {
    TimestampMs(value.start.0.saturating_add(i64::from(value.timeout_ms)).saturating_add(1))
}
