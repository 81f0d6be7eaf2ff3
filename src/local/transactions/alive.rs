//! `SignOfLife`: how others tell a producer that works on its transaction from one that is dead.
//!
//! The newest producer of a transactional id holds the lock on a file that bears the id's name. It is locked before it
//! gets that name, and gets it in the moment in which the producer becomes the newest: the file that is there is never
//! unlocked while its producer lives. Where there is no file nobody can say; the producer may be a client of a broker
//! that is stopped. A producer beyond a network leaves word of that instead of a lock: the server that speaks for it may
//! die, and the producer go on with the next.

use crate::disk::{self, Durability, FileLock};
use crate::local::cluster::Cluster;
use crate::local::error::Result;
use std::path::{Path, PathBuf};

/// The lock of a living producer.
pub(super) struct SignOfLife {
    path: PathBuf,
    lock: FileLock,
}

impl SignOfLife {
    /// Locks a file that has no name of importance yet.
    pub(super) fn prepare(cluster: &Cluster, transactional_id: &str) -> Result<SignOfLife> {
        let coordination = cluster.coordination()?;
        disk::create_dirs(&coordination.transactions())?;
        let path = coordination.transaction(transactional_id);
        let unique = coordination.transactions().join(format!("new-{}", uuid::Uuid::new_v4()));
        Ok(SignOfLife { path, lock: FileLock::acquire(&unique)?.for_life() })
    }

    /// Puts the file where others look for it. The caller holds the lock on the log of transactions.
    pub(super) fn show(&self) -> Result<()> {
        let unique: &Path = self.lock.file().path();
        Ok(disk::rename(unique, &self.path)?)
    }
}

/// What the file of a producer beyond a network says.
const AWAY: &[u8] = b"away\n";

/// Tells that the newest producer of a transactional id is beyond a network. The caller holds the lock on the log of
/// transactions.
pub(super) fn say_away(cluster: &Cluster, transactional_id: &str) -> Result<()> {
    let coordination = cluster.coordination()?;
    disk::create_dirs(&coordination.transactions())?;
    Ok(disk::replace_with(&coordination.transaction(transactional_id), AWAY, Durability::Atomic)?)
}

/// What is known of the newest producer of a transactional id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Alive,
    Dead,
    /// Beyond a network, where nobody can look. What was begun for it here may have been given up all the same.
    Away,
    Unknown,
}

/// Looks for the newest producer of a transactional id.
pub(super) fn look(cluster: &Cluster, transactional_id: &str) -> Result<Life> {
    let Ok(coordination) = cluster.coordination() else { return Ok(Life::Unknown) };
    let path = coordination.transaction(transactional_id);
    Ok(match disk::read_text(&path)? {
        None => Life::Unknown,
        Some(text) if text.as_bytes() == AWAY => Life::Away,
        Some(_) if disk::is_locked(&path)? => Life::Alive,
        Some(_) => Life::Dead,
    })
}
