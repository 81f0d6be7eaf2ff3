//! Forgetting transactional ids that nobody uses any more. Source: Kafka's `TransactionStateManager`.

use super::alive::{Life, look};
use super::log::TransactionLog;
use crate::client::Result;
use crate::local::cluster::Cluster;
use crate::txn::{Status, TransactionValue};
use crate::types::{TimestampMs, now_ms};

/// Forgets the ids whose last transaction has ended, and was changed last `age_ms` ago or longer; or only looks which ones
/// those are. One whose producer is alive stays: a broker could not know of him.
pub(in crate::local) fn expire(cluster: &Cluster, age_ms: i64, dry_run: bool) -> Result<Vec<String>> {
    let is_over = |id: &str, value: &TransactionValue, now: TimestampMs| {
        let has_ended =
            matches!(value.status, Status::Empty | Status::CompleteCommit | Status::CompleteAbort);
        let is_old = now.0.saturating_sub(value.last_update.0) >= age_ms;
        has_ended && is_old && !matches!(look(cluster, id), Ok(Life::Alive) | Err(_))
    };
    let mut forgotten = Vec::new();
    for mut log in TransactionLog::all(cluster)? {
        let now = now_ms();
        let due: Vec<String> =
            log.iter().filter(|(id, value)| is_over(id, value, now)).map(|(id, _)| id.to_owned()).collect();
        match (due.is_empty(), dry_run) {
            (true, _) => {}
            (false, true) => forgotten.extend(due),
            (false, false) => forgotten.extend(log.forget(is_over)?),
        }
    }
    Ok(forgotten)
}
