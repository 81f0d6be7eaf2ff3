//! `LogStart`: where a partition's log begins, looked up anew only when files have come or gone.

use crate::disk::{self, Stamp};
use crate::local::cluster::Cluster;
use crate::local::error::Result;
use crate::local::topic::OpenTopic;
use crate::types::{Offset, PartitionId};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// File times are coarse: two changes within this may bear the same one.
const TICK: Duration = Duration::from_millis(50);

/// The start of a log, as of what the files looked like then.
#[derive(Debug)]
pub(super) struct LogStart {
    of_dir: Option<Stamp>,
    of_checkpoint: Option<Stamp>,
    start: Offset,
}

impl LogStart {
    /// The start as it is now; `known` is what was found before, if it was worth keeping.
    pub(super) fn look(
        known: &mut Option<LogStart>,
        cluster: &Cluster,
        topic: &OpenTopic,
        partition: PartitionId,
        dir: &Path,
    ) -> Result<Offset> {
        let of_dir = disk::stamp(dir);
        let of_checkpoint = disk::stamp(&cluster.log_start_checkpoint());
        if let Some(known) = known
            && (known.of_dir, known.of_checkpoint) == (of_dir, of_checkpoint)
        {
            return Ok(known.start);
        }
        let before = SystemTime::now().checked_sub(TICK);
        let start = cluster.log_start(topic, partition)?;
        let is_settled = |stamp: Option<Stamp>| {
            stamp.is_none_or(|stamp| before.is_some_and(|before| stamp.modified < before))
        };
        let settled = is_settled(of_dir) && is_settled(of_checkpoint);
        *known = settled.then_some(LogStart { of_dir, of_checkpoint, start });
        Ok(start)
    }
}
