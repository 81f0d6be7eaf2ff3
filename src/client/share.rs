//! `ShareConsumer`: records of a share group (KIP-932), each delivered to one member at a time until somebody says what
//! became of it.

use super::{ConsumerRecord, Polled, Result};
use std::ops::ControlFlow;
use std::time::Duration;

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Acknowledge {
    Accept,
    /// It is to be delivered again, unless it was delivered too often already.
    Release,
    /// It is never to be delivered again.
    Reject,
}

#[derive(Clone, Debug)]
pub(crate) struct ShareConsumerConfig {
    pub(crate) group: String,
    pub(crate) topic: String,
    pub(crate) client_id: String,
    /// `allow.auto.create.topics`.
    pub(crate) create_topics: bool,
    /// `max.poll.records`: how many records are taken at a time.
    pub(crate) poll_records_max: i32,
}

/// Takes the next record and says what became of it. A `Break` ends the poll; without a word the record stays with the
/// consumer, as do those behind it.
pub(crate) type ShareHandler<'a> =
    &'a mut dyn FnMut(&ConsumerRecord<'_>) -> ControlFlow<Option<Acknowledge>, Acknowledge>;

/// A member of a share group; dropping it without `close` is what a crash does.
pub(crate) trait ShareConsumer {
    /// Hands the next records to `handler`, one after another, waiting up to `timeout` (`None`: for ever) for the first.
    /// What is said of them the group is told by a later call: the caller has put them in safety by then. What is not
    /// handed over in time is not handed over at all.
    fn poll(&mut self, timeout: Option<Duration>, handler: ShareHandler<'_>) -> Result<Polled>;

    /// Tells the group what was said, gives back what wasn't spoken of, and leaves. All of that is on the disk when this
    /// returns.
    fn close(&mut self) -> Result<()>;
}
