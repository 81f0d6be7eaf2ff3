//! The closed segments of a log that nobody may have left in order: what a broker looks through that finds no word of a
//! clean stop. Their indexes are made anew, since one that does find it takes the last time in one for the newest of its
//! segment, whatever a power cut has left there.

use super::names::segments;
use super::recovery::walk;
use super::segment::Segment;
use super::{Error, LogConfig, LogEnd, Result};
use crate::types::{LeaderEpoch, Offset};
use std::path::Path;

/// Checks the closed segments that have records from `from` on, has their indexes say what is in them, and makes all of it
/// durable. Damage is an error. The caller holds the partition's lock. Cost: these segments are read whole.
pub(crate) fn recover_closed(dir: &Path, from: Offset, config: &LogConfig) -> Result<()> {
    let bases = segments(dir)?;
    for (&base, _) in bases.iter().zip(bases.iter().skip(1)).filter(|&(_, &next)| next > from) {
        let segment = Segment::open(dir, base)?;
        let length = segment.log.len()?;
        let mut end = LogEnd::empty(base, LeaderEpoch::UNKNOWN);
        let stop = walk(&segment.log, length, &mut end, Some(&segment), config, &mut Vec::new())?;
        if let Some(what) = stop {
            let file = segment.log.path().to_owned();
            return Err(Error::Damaged { file, position: end.segment_bytes, offset: end.log_end, what });
        }
        segment.index_time(&mut end)?;
        segment.trim_indexes(&end)?;
        segment.sync()?;
    }
    Ok(())
}
