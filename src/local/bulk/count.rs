//! `Count`: what a writer with a name has written, so that its successor can go on.
//!
//! Each source has a producer id and, since its last mark, an epoch of it. The mark, an offset of the group with the writer's
//! name, says: everything of the source before this position is written; what is written behind it has this producer id and
//! this epoch. So the newest sequence of that epoch in a partition tells how many records behind the mark are there already,
//! whatever was killed and whenever. A mark is durable before the first batch of its epoch, and what it counts is durable
//! before the mark. The lock keeps two writers of one name apart.

use crate::client::{self, BulkMark, CommittedOffset, Result};
use crate::disk::{self, FileLock};
use crate::local::cluster::Cluster;
use crate::local::error::Error;
use crate::local::groups::{self, GroupLogs};
use crate::local::transactions::allocate_producer_id;
use crate::types::{ErrorCode, TopicPartition};

/// How the metadata of a mark begins: the version of what follows.
const PREFIX: &str = "kt-bulk 1 ";

/// So many marks go into one batch of the group's log.
const MARKS_AT_ONCE: usize = 500;

/// The marks of a writer.
pub(super) struct Count {
    name: String,
    cluster: Cluster,
    logs: GroupLogs,
    _lock: FileLock,
}

/// Whose batches those of a source are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) producer_id: i64,
    pub(super) epoch: i16,
}

/// A mark to be kept.
pub(super) struct Keep<'a> {
    pub(super) source: &'a TopicPartition,
    pub(super) mark: &'a BulkMark,
    /// Who has written the source so far.
    pub(super) identity: Option<Identity>,
}

impl Count {
    pub(super) fn open(cluster: &Cluster, name: &str) -> Result<Count> {
        let path = cluster.coordination()?.bulk(name);
        if let Some(parent) = path.parent() {
            disk::create_dirs(parent).map_err(Error::from)?;
        }
        if disk::is_locked(&path).map_err(Error::from)? {
            let message = format!("another process is at work as '{name}'");
            return Err(client::Error::new(ErrorCode::InvalidRequest, message));
        }
        let lock = FileLock::acquire(&path).map_err(Error::from)?;
        let (cluster, logs) = (cluster.clone(), GroupLogs::new(cluster.clone()));
        Ok(Count { name: name.to_owned(), cluster, logs, _lock: lock })
    }

    /// The last mark of a source.
    pub(super) fn find(&self, source: &TopicPartition) -> Result<Option<(BulkMark, Identity)>> {
        let offsets = groups::offsets(&self.logs, &self.name)?;
        let Some((_, committed)) = offsets.into_iter().find(|(partition, _)| partition == source) else {
            return Ok(None);
        };
        let read = read(&committed.metadata);
        Ok(read.map(|(identity, note)| (BulkMark { position: committed.offset, note }, identity)))
    }

    /// Keeps marks, durably. Answers as whom each source is to be written from here on.
    pub(super) fn keep(&self, marks: &[Keep<'_>]) -> Result<Vec<Identity>> {
        let mut identities = Vec::with_capacity(marks.len());
        for some in marks.chunks(MARKS_AT_ONCE) {
            let mut offsets = Vec::with_capacity(some.len());
            for keep in some {
                let next = self.next(keep.identity)?;
                let metadata = format!("{PREFIX}{} {} {}", next.producer_id, next.epoch, keep.mark.note);
                let committed = CommittedOffset { offset: keep.mark.position, leader_epoch: None, metadata };
                offsets.push((keep.source.clone(), committed));
                identities.push(next);
            }
            groups::commit(&self.logs, &self.name, offsets)?;
        }
        Ok(identities)
    }

    /// Who comes after this one.
    fn next(&self, identity: Option<Identity>) -> Result<Identity> {
        match identity.and_then(|identity| Some((identity, identity.epoch.checked_add(1)?))) {
            Some((identity, epoch)) => Ok(Identity { epoch, ..identity }),
            None => Ok(Identity { producer_id: allocate_producer_id(&self.cluster)?, epoch: 0 }),
        }
    }
}

/// Reads the metadata of a mark.
fn read(metadata: &str) -> Option<(Identity, String)> {
    let mut words = metadata.strip_prefix(PREFIX)?.splitn(3, ' ');
    let (producer_id, epoch) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some((Identity { producer_id, epoch }, words.next()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Offset, PartitionId};

    /// Who went on after a week began anew and wrote everything twice.
    #[test]
    fn a_mark_does_not_expire() {
        let dir = tempfile::tempdir().unwrap();
        let cluster = Cluster::open(dir.path()).unwrap();
        let source = TopicPartition { topic: "t".to_owned(), partition: PartitionId(0) };
        let mark = BulkMark { position: Offset::new(7), note: "n".to_owned() };
        let keep = Keep { source: &source, mark: &mark, identity: None };
        Count::open(&cluster, "copy").unwrap().keep(&[keep]).unwrap();
        assert_eq!(groups::expire(&cluster, 0, false).unwrap(), []);
        let found = Count::open(&cluster, "copy").unwrap().find(&source).unwrap();
        assert_eq!(found.unwrap().0.position, Offset::new(7));
    }

    #[test]
    fn what_others_commit_is_no_mark() {
        let (identity, note) = read("kt-bulk 1 1000 7 from=a b ").unwrap();
        assert_eq!((identity, note.as_str()), (Identity { producer_id: 1000, epoch: 7 }, "from=a b "));
        assert_eq!(read("kt-bulk 1 1000 7 ").unwrap().1, "");
        for bad in ["", "mine", "kt-bulk 2 1 1 x", "kt-bulk 1 x 1 y", "kt-bulk 1 1 99999 y", "kt-bulk 1 1 1"]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
