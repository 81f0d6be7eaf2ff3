//! Snapshots of a data directory: `snapshots/NAME/broker-1` beside `broker-1`, as a directory that a crash could have left.
//! Each can be read, and worked on, as a data directory of its own.
//!
//! - One moment: the locks of the metadata and of every partition are held while the files are copied, so that nobody appends,
//!   commits, rolls or swaps meanwhile. What is written without them is replaced as a whole (checkpoints) or is no part of a log
//!   (`.cleaned`, `.deleted`). No other lock is asked for while they are held, and none is waited for long: who holds one and
//!   waits for another is let go on first.
//! - Milliseconds: bytes are shared where the file system can do that. Where it can't, a closed segment's .log gets a second
//!   name, for nobody writes to it again; everything else is copied. Whoever is about to write to a .log that has two names
//!   makes a copy of its own (`disk::unshare`): the last segment may have been lost by hand.
//! - A snapshot is built under a name with a dot and renamed when it is durable. Restoring builds the broker's directory
//!   aside, too, and changes the two at one moment; where that can't be done, a directory without a broker but with snapshots
//!   is none that kt would fill anew.
//!
//! Kafka knows nothing of them: its `log.dirs` is `broker-1`.

mod copy;
mod error;
mod hold;
mod place;
mod restore;
mod take;
#[cfg(test)]
mod tests;

pub(crate) use error::Error;
pub(crate) use place::{Snapshot, delete, list};
pub(crate) use restore::{Previous, restore};
pub(crate) use take::{Existing, take};
