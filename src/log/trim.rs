//! Moving the start of a log: segments that lie wholly below it go.
//!
//! Who holds the partition's lock calls this, after the new start is durably noted. The active segment stays, even if
//! nothing in it may be read any more.

use super::names::segments;
use super::{LeaderEpochs, Result, swap};
use crate::disk::{self, Durability};
use crate::types::Offset;
use std::path::Path;

/// Takes what lies below `start` out of the log, durably, and has the leader epochs begin there. Returns the first offset
/// that is left in a file. The removed files are still on the disk, for [`swap::remove_deleted`]; who reads one of them
/// has it open and goes on.
pub(crate) fn trim(dir: &Path, start: Offset) -> Result<Offset> {
    let mut epochs = LeaderEpochs::read(dir)?;
    if epochs.begin_at(start) {
        epochs.write(dir, Durability::Synced)?;
    }
    swap::settle_below(dir, start)?;
    let bases = segments(dir)?;
    let below = bases.iter().zip(bases.iter().skip(1)).take_while(|&(_, &next)| next <= start).count();
    if below > 0 {
        bases.iter().take(below).try_for_each(|&base| swap::set_aside(dir, base))?;
        disk::sync_path(dir)?;
    }
    Ok(bases.get(below).copied().unwrap_or(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Appender, LogConfig, LogEnd};
    use crate::record::{BatchBuilder, Compression, ProducerStamp};
    use crate::types::{LeaderEpoch, TimestampMs};

    /// A log of segments that begin at 0, 2, 4 and 6, with two records each but for the last, which has none.
    fn log(dir: &Path) {
        let config = LogConfig {
            segment_bytes: 1 << 20,
            segment_ms: i64::MAX,
            segment_index_bytes: 1 << 20,
            index_interval_bytes: 4096,
        };
        let mut end = LogEnd::empty(Offset::ZERO, LeaderEpoch(-1));
        let mut appender = Appender::open(dir, &end).unwrap();
        for epoch in 0..3 {
            let mut builder = BatchBuilder::new(Compression::None);
            for _ in 0..2 {
                builder.append(TimestampMs(5), None, Some(b"v"), &[]);
            }
            let batch = builder.finish(&ProducerStamp::NONE).unwrap();
            appender.append(&mut end, batch, LeaderEpoch(epoch), &config).unwrap();
            appender.roll(&mut end).unwrap();
        }
    }

    #[test]
    fn whole_segments_go_and_the_epochs_begin_at_the_start() {
        for (start, first, epochs) in [
            (0, 0, "0\n3\n0 0\n1 2\n2 4\n"),
            (1, 0, "0\n3\n0 1\n1 2\n2 4\n"),
            (2, 2, "0\n2\n1 2\n2 4\n"),
            (5, 4, "0\n1\n2 5\n"),
            (6, 6, "0\n1\n2 6\n"),
        ] {
            let dir = tempfile::tempdir().unwrap();
            log(dir.path());
            assert_eq!(trim(dir.path(), Offset::new(start)).unwrap(), Offset::new(first), "{start}");
            swap::remove_deleted(dir.path()).unwrap();
            let left: Vec<i64> = segments(dir.path()).unwrap().into_iter().map(Offset::get).collect();
            assert_eq!(left, (0..=6).step_by(2).filter(|&base| base >= first).collect::<Vec<_>>());
            let text = std::fs::read_to_string(dir.path().join("leader-epoch-checkpoint")).unwrap();
            assert_eq!(text, epochs, "{start}");
            let stale = std::fs::read_dir(dir.path()).unwrap().filter(|entry| {
                let name = entry.as_ref().unwrap().file_name().into_string().unwrap();
                name.split('.').next().unwrap().parse::<i64>().is_ok_and(|base| base < first)
            });
            assert_eq!(stale.count(), 0);
            assert_eq!(trim(dir.path(), Offset::new(start)).unwrap(), Offset::new(first), "again");
        }
    }
}
