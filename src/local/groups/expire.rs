//! Forgetting what nobody asks for any more: see [`crate::group::Groups::expire`].

use super::log::{GroupLog, Sync};
use super::settle::settle;
use crate::client::Result;
use crate::group::GroupRecord;
use crate::local::cluster::Cluster;
use crate::types::now_ms;

/// Deletes the offsets that have outlived `retention_ms`, and the groups of which nothing is left; or only looks which ones
/// those are. Answers how many offsets of each group it was.
pub(in crate::local) fn expire(
    cluster: &Cluster,
    retention_ms: i64,
    dry_run: bool,
) -> Result<Vec<(String, u64)>> {
    let mut expired = Vec::new();
    for mut log in GroupLog::all(cluster)? {
        let now = now_ms();
        let due = log.groups().iter().map(|(id, _)| (id, log.groups().expired(id, now, retention_ms)));
        let due = due.filter(|(_, records)| !records.is_empty());
        let due: Vec<(String, u64)> = due.map(|(id, records)| (id.to_owned(), offsets(&records))).collect();
        if dry_run {
            expired.extend(due);
            continue;
        }
        for (id, _) in due {
            // Decided anew on who is in the group now.
            let count = log.update(&id, Sync::Now, |groups, now| {
                let mut batches = settle(cluster, &id, groups, now)?;
                let records = groups.expire(&id, now, retention_ms);
                let count = (!records.is_empty()).then(|| offsets(&records));
                batches.push(records);
                Ok((batches, count))
            })?;
            expired.extend(count.map(|count| (id, count)));
        }
    }
    Ok(expired)
}

fn offsets(records: &[GroupRecord]) -> u64 {
    records.iter().filter(|record| matches!(record, GroupRecord::Offset { .. })).count() as u64
}
