//! What hands records over to a command, and what it reports of them.

use super::failing::Failing;
use super::process::Process;
use super::record::OwnedRecord;
use super::window::Ticket;
use std::time::Instant;

/// What has come of a record that was handed over.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Report {
    /// The command has done with it. It has written the value of a record, if it was asked to and had one.
    Done(Ticket, Option<Vec<u8>>),
    Failed(Ticket, Failing),
    /// The command has died without looking at it.
    Returned(Ticket),
    /// There is no talking to the command; the sentence says why.
    Broken(String),
}

/// A way of running a command.
pub(super) trait Worker {
    /// How many more records can be handed over now.
    fn room(&self) -> usize;

    /// Hands over a record, for the `attempt`th time. That it can't be is reported like every other failure.
    fn hand_over(&mut self, ticket: Ticket, record: &OwnedRecord, attempt: u32);

    /// Moves everything on that can be moved on without waiting.
    fn pump(&mut self, reports: &mut Vec<Report>);

    /// Nothing more will be handed over.
    fn end(&mut self);

    /// The commands that are running.
    fn processes(&self) -> Box<dyn Iterator<Item = &Process> + '_>;

    /// When a command has run too long, unless it has done by then.
    fn deadline(&self) -> Option<Instant>;

    /// Kills whatever runs.
    fn kill(&mut self);
}
