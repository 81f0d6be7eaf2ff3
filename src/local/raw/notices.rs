//! `Notices`: who waits for a partition's high watermark to move, and who tells them.
//!
//! What this process publishes it tells at once. What others publish the directory's watcher finds by a look at the state of
//! each partition that somebody waits for.

use super::slot::Slot;
use super::watch::Watch;
use crate::local::cluster::Cluster;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Called when a partition has something new, on whatever thread noticed. It may be called without a reason, and must not
/// block.
pub(crate) type Ring = Arc<dyn Fn() + Send + Sync>;

/// The partitions of a server that somebody waits for.
#[derive(Default)]
pub(super) struct Notices {
    /// Each with the number of those who wait.
    listened: Mutex<HashMap<usize, (Arc<Slot>, usize)>>,
    watch: Mutex<Option<Watch>>,
}

/// Rings until it is dropped.
#[must_use]
pub(crate) struct Bell {
    notices: Arc<Notices>,
    slot: Arc<Slot>,
    number: u64,
}

impl Notices {
    fn listened(&self) -> MutexGuard<'_, HashMap<usize, (Arc<Slot>, usize)>> {
        self.listened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has `ring` called whenever readers of the partition may see more than before. Who calls looks once more after this.
    pub(super) fn listen(self: &Arc<Notices>, cluster: &Cluster, slot: &Arc<Slot>, ring: Ring) -> Bell {
        self.watch_over(cluster);
        let number = slot.add_bell(ring);
        let mut listened = self.listened();
        listened.entry(key(slot)).or_insert_with(|| (Arc::clone(slot), 0)).1 += 1;
        Bell { notices: Arc::clone(self), slot: Arc::clone(slot), number }
    }

    /// Watches from the first listener on. Nobody holds `listened` meanwhile: the look takes it.
    fn watch_over(self: &Arc<Notices>, cluster: &Cluster) {
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        if watch.is_none() {
            let notices = Arc::downgrade(self);
            *watch = Some(cluster.watcher().watch(move || {
                if let Some(notices) = notices.upgrade() {
                    notices.look();
                }
            }));
        }
    }

    fn look(&self) {
        self.listened().values().for_each(|(slot, _)| slot.look());
    }

    /// Ends the watch.
    pub(super) fn close(&self) {
        let watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(watch);
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        self.slot.remove_bell(self.number);
        let mut listened = self.notices.listened();
        if let Some((_, count)) = listened.get_mut(&key(&self.slot)) {
            *count -= 1;
            if *count == 0 {
                listened.remove(&key(&self.slot));
            }
        }
    }
}

/// What tells a slot from every other one for as long as somebody holds it.
fn key(slot: &Arc<Slot>) -> usize {
    Arc::as_ptr(slot).addr()
}
