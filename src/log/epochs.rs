//! `leader-epoch-checkpoint`: where each leader epoch of a partition begins.

use super::{Error, Result};
use crate::disk::{self, Durability};
use crate::types::{LeaderEpoch, Offset};
use std::fmt::Write;
use std::path::Path;

pub(super) const FILE: &str = "leader-epoch-checkpoint";

/// Leader epochs with the offset at which each began, both ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LeaderEpochs {
    entries: Vec<(LeaderEpoch, Offset)>,
}

impl LeaderEpochs {
    /// Reads a partition directory's file; none if it isn't there.
    pub(crate) fn read(dir: &Path) -> Result<LeaderEpochs> {
        let file = dir.join(FILE);
        let text = disk::read_text(&file)?.unwrap_or_default();
        let malformed = |what: String| Error::Malformed { file: file.clone(), what };
        let mut lines = text.lines();
        let mut entries = Vec::new();
        if lines.next().is_some_and(|version| version != "0") {
            return Err(malformed("not version 0".into()));
        }
        for line in lines.skip(1) {
            let entry = line.split_once(' ').and_then(|(epoch, start)| {
                Some((LeaderEpoch(epoch.parse().ok()?), Offset::new(start.parse().ok()?)))
            });
            entries.push(entry.ok_or_else(|| malformed(format!("the line {line:?}")))?);
        }
        Ok(LeaderEpochs { entries })
    }

    pub(crate) fn write(&self, dir: &Path, durability: Durability) -> Result<()> {
        Ok(disk::replace_with(&dir.join(FILE), self.text().as_bytes(), durability)?)
    }

    /// The file's content.
    pub(super) fn text(&self) -> String {
        let mut text = format!("0\n{}\n", self.entries.len());
        for (epoch, start) in &self.entries {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{epoch} {start}");
        }
        text
    }

    /// The epochs with the offsets at which they begin, both ascending.
    pub(super) fn entries(&self) -> &[(LeaderEpoch, Offset)] {
        &self.entries
    }

    /// The epochs as batches have them, each with the offset of its first one; what is lower than one before is passed over.
    pub(super) fn of_batches(batches: impl Iterator<Item = (LeaderEpoch, Offset)>) -> LeaderEpochs {
        let mut epochs = LeaderEpochs::default();
        for (epoch, base) in batches.filter(|(epoch, _)| *epoch != LeaderEpoch::UNKNOWN) {
            epochs.assign(epoch, base);
        }
        epochs
    }

    /// Where the first epoch begins.
    pub(crate) fn start(&self) -> Option<Offset> {
        self.entries.first().map(|&(_, start)| start)
    }

    /// The newest epoch.
    pub(crate) fn last(&self) -> Option<LeaderEpoch> {
        self.entries.last().map(|&(epoch, _)| epoch)
    }

    /// The epoch that an offset was written in, if an entry covers it.
    pub(crate) fn of(&self, offset: Offset) -> Option<LeaderEpoch> {
        let covering = self.entries.iter().rev().find(|&&(_, start)| start <= offset);
        covering.map(|&(epoch, _)| epoch)
    }

    /// The newest epoch at or below `epoch`, and where it ended: where the next one began, or at the log's `end`. `None` for
    /// an epoch newer than all. Kafka's rule: of one older than all, it answers that one with the first one's start.
    pub(crate) fn end_of(&self, epoch: LeaderEpoch, end: Offset) -> Option<(LeaderEpoch, Offset)> {
        if epoch == LeaderEpoch::UNKNOWN {
            return None;
        }
        if self.last() == Some(epoch) {
            return Some((epoch, end));
        }
        let (_, next) = self.entries.iter().find(|&&(known, _)| known > epoch)?;
        let floor = self.entries.iter().rev().find(|&&(known, _)| known <= epoch);
        Some((floor.map_or(epoch, |&(known, _)| known), *next))
    }

    /// Notes that `epoch` begins at `start`; an entry of an epoch in which nothing was written is replaced. Returns
    /// whether that changed anything.
    pub(crate) fn assign(&mut self, epoch: LeaderEpoch, start: Offset) -> bool {
        if self.last().is_some_and(|last| last >= epoch) {
            return false;
        }
        self.entries.retain(|&(_, begun)| begun < start);
        self.entries.push((epoch, start));
        true
    }

    /// Drops the epochs that ended before `start`, where the log begins from now on, and has the one that covers it begin
    /// there. Returns whether that changed anything.
    pub(crate) fn begin_at(&mut self, start: Offset) -> bool {
        let before = self.entries.iter().filter(|&&(_, begun)| begun <= start).count();
        let Some(covering) = before.checked_sub(1) else { return false };
        self.entries.drain(..covering);
        match self.entries.first_mut() {
            Some((_, begun)) if *begun < start => {
                *begun = start;
                true
            }
            _ => covering > 0,
        }
    }

    /// Drops the epochs that begin at or after `end`, the log having been cut there. Returns whether any was.
    pub(crate) fn truncate(&mut self, end: Offset) -> bool {
        let before = self.entries.len();
        self.entries.retain(|&(_, start)| start < end);
        before != self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_are_found_by_offset_and_an_empty_one_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let mut epochs = LeaderEpochs::read(dir.path()).unwrap();
        assert!(epochs.assign(LeaderEpoch(0), Offset::new(0)));
        assert!(epochs.assign(LeaderEpoch(2), Offset::new(16)));
        assert!(!epochs.assign(LeaderEpoch(2), Offset::new(20)));
        assert!(epochs.assign(LeaderEpoch(5), Offset::new(16)));
        epochs.write(dir.path(), Durability::Atomic).unwrap();
        assert_eq!(LeaderEpochs::read(dir.path()).unwrap(), epochs);
        assert_eq!(epochs.of(Offset::new(15)), Some(LeaderEpoch(0)));
        assert_eq!(epochs.of(Offset::new(16)), Some(LeaderEpoch(5)));
        let end_of =
            |epoch| epochs.end_of(LeaderEpoch(epoch), Offset::new(30)).map(|(e, end)| (e.0, end.get()));
        assert_eq!([end_of(5), end_of(4), end_of(0)], [Some((5, 30)), Some((0, 16)), Some((0, 16))]);
        assert_eq!([end_of(6), end_of(-1)], [None, None]);
        assert!(epochs.truncate(Offset::new(16)));
        assert_eq!(epochs.last(), Some(LeaderEpoch(0)));
    }
}
