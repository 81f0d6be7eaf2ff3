//! The signs of life that a member gives while its consumer is busy, and the watch that members keep over one another.
//!
//! One thread per member beats. Another sleeps in the lock of a neighbour's file, in a ring of all members: who gets that
//! lock knows that its holder is dead or gone, and has it taken out at once. A thread that waits for a lock can't be called
//! back: it ends when its neighbour goes.

use super::super::error::{Error, Result};
use super::desk::ShareDesk;
use crate::disk;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Starts the threads of a member, which end when it leaves.
pub(super) fn start(desk: &Arc<ShareDesk>) -> Result<Ring> {
    let ring = Ring::default();
    let (theirs, desk) = (ring.clone(), Arc::clone(desk));
    spawn("share heartbeat", move || {
        while !desk.sleep() {
            // A beat that fails (a full disk) is tried again; if none gets through, the session ends.
            let _ = desk.beat();
            let _ = theirs.watch(&desk);
        }
    })?;
    Ok(ring)
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<()> {
    let spawned = thread::Builder::new().name(name.to_owned()).spawn(run);
    spawned.map(|_| ()).map_err(|source| Error::Thread { source })
}

/// The neighbours whose deaths a member waits for.
#[derive(Clone, Default)]
pub(super) struct Ring {
    watched: Arc<Mutex<BTreeSet<String>>>,
}

impl Ring {
    fn watched(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Watches over the member's present neighbour, beside those that it watches over already.
    pub(super) fn watch(&self, desk: &Arc<ShareDesk>) -> Result<()> {
        // Where the group can't be read or written, the beats of others will do.
        let Ok(Some(neighbour)) = desk.settle() else { return Ok(()) };
        if self.watched().insert(neighbour.clone()) {
            let (ring, desk) = (self.clone(), Arc::clone(desk));
            spawn("share watch", move || ring.wait_for_end(&desk, &neighbour))?;
        }
        Ok(())
    }

    /// Sleeps until a neighbour is gone, has it taken out, and then watches over the next.
    fn wait_for_end(&self, desk: &Arc<ShareDesk>, neighbour: &str) {
        let Ok(coordination) = desk.cluster.coordination() else { return };
        let waited = disk::wait_unlocked(&coordination.group_member(&desk.group, neighbour));
        self.watched().remove(neighbour);
        if waited.is_ok() {
            let _ = self.watch(desk);
        }
    }
}
