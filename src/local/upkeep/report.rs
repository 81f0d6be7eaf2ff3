//! What is to be done, and what was.

use crate::client;
use crate::types::{Offset, TopicPartition};

/// What maintenance is asked for.
pub(crate) struct Wanted<'a> {
    /// Which topics; `None` is everything there is to do.
    pub(crate) topics: Option<&'a dyn Fn(&str) -> bool>,
    /// Only say what there is to do.
    pub(crate) dry_run: bool,
}

/// One thing that was done, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Old segments were deleted; the log begins at `start` now.
    Deleted { partition: TopicPartition, segments: u64, bytes: u64, start: Offset },
    /// A log was cleaned up to `end` (exclusive). In a dry run nobody knows what will be left.
    Compacted {
        partition: TopicPartition,
        end: Offset,
        bytes_before: u64,
        bytes_after: Option<u64>,
        records: Option<(u64, u64)>,
    },
    /// Files that a dead process had left in a partition were finished or removed.
    Tidied { partition: TopicPartition },
    /// Committed offsets of a group that nobody uses any more were deleted.
    ExpiredOffsets { group: String, offsets: u64 },
    /// A transactional id that nobody uses any more was forgotten.
    ExpiredTransactionalId { id: String },
    /// A file or directory that nothing belongs to was removed.
    Removed { name: String },
    /// The directory of a partition that no topic has was taken out of the way, as a broker does.
    SetAside { name: String, now: String },
}

/// How it went with something.
#[derive(Debug)]
pub(crate) enum Outcome {
    Done(Deed),
    /// It was left as it is; the rest goes on.
    Failed {
        what: String,
        error: client::Error,
    },
}
