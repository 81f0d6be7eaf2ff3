//! The data path for a server: whole record batches in and out of partitions, for many connections at once.
//!
//! [`Watcher`] (from `Cluster::watcher`) is for everybody in the process who waits for what *other* processes do: one
//! thread sleeps on the directory's wake word while somebody watches, and has each watch look when it was bumped. Use:
//!
//! 1. `let watch = cluster.watcher().watch(move || if word.get() != seen { notify.notify_waiters() });`
//! 2. Look yourself once, for the change may have come before the watch.
//! 3. Sleep on the primitive that the look rings, with whatever timeout there is.
//! 4. Drop `watch`.
//!
//! A look runs on the watcher's thread, at most once in a millisecond, and must neither block nor watch nor drop a watch.
//! Who changes something that is watched calls `Wake::notify` behind the change, as appends do.

mod append;
mod batch;
mod epochs;
mod logs;
mod notices;
mod offsets;
mod pool;
mod producers;
mod read;
mod refusal;
mod slot;
mod start;
mod sync;
#[cfg(test)]
mod tests;
mod topics;
mod unfold;
mod watch;

pub(crate) use append::{Stored, When};
pub(crate) use logs::RawLogs;
pub(crate) use notices::{Bell, Ring};
pub(crate) use offsets::OffsetFound;
pub(crate) use read::{Fetched, Isolation, Wanted};
pub(crate) use refusal::Refusal;
pub(crate) use sync::Done;
pub(crate) use topics::RawTopic;
pub(crate) use watch::{Watch, Watcher};
