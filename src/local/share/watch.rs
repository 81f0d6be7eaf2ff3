//! The signs of life that a member gives while its consumer is busy, and its place in the ring of members that watch over
//! one another (see [`Ring`]): it has one neighbour, and one thread that beats.

use super::super::error::Result;
use super::super::groups::{Ring, Watcher, spawn};
use super::desk::ShareDesk;
use std::path::PathBuf;
use std::sync::Arc;

/// Starts the threads of a member, which end when it leaves.
pub(super) fn start(desk: &Arc<ShareDesk>) -> Result<Ring> {
    let ring = Ring::default();
    let (theirs, desk) = (ring.clone(), Arc::clone(desk));
    spawn("share heartbeat", move || {
        while !desk.sleep() {
            // A beat that fails (a full disk) is tried again; if none gets through, the session ends.
            let _ = desk.beat();
            let _ = watch(&theirs, &desk);
        }
    })?;
    Ok(ring)
}

/// Watches over the member's present neighbour, beside those that it watches over already.
pub(super) fn watch(ring: &Ring, desk: &Arc<ShareDesk>) -> Result<()> {
    ring.watch(desk, desk.settled_neighbours())
}

impl Watcher for ShareDesk {
    fn member_file(&self, member_id: &str) -> Result<PathBuf> {
        Ok(self.cluster.coordination()?.group_member(&self.group, member_id))
    }

    fn settled_neighbours(&self) -> Vec<String> {
        self.settle().ok().flatten().into_iter().collect()
    }
}
