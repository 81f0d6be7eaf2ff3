//! `Printing`: the receiver of one poll of a run that prints.

use super::by_hand::ByHand;
use super::delivery::Commit;
use super::ending::Ending;
use super::run::Session;
use crate::cli::format::FormatterError;
use crate::client::{ConsumerRecord, Handler};
use crate::types::TopicPartition;
use std::io::Write;
use std::ops::ControlFlow;

/// Formats the records of a poll into the output's buffer.
pub(super) struct Printing<'a, 'c> {
    session: &'a mut Session<'c>,
    /// Why it can't go on.
    pub(super) ending: Option<Ending>,
    /// Offsets are committed with each record.
    commits_each: bool,
    /// Offsets are committed before anything is written.
    commits_ahead: bool,
    /// The group's offsets are to begin where these partitions do.
    has_new_partitions: bool,
}

impl<'a, 'c> Printing<'a, 'c> {
    pub(super) fn new(session: &'a mut Session<'c>) -> Printing<'a, 'c> {
        let by_hand = session.by_hand.as_ref();
        let commits_each = by_hand.is_some_and(|by_hand| by_hand.commit == Commit::Record);
        let commits_ahead = by_hand.is_some_and(ByHand::commits_ahead);
        Printing { session, ending: None, commits_each, commits_ahead, has_new_partitions: false }
    }
}

impl Handler for Printing<'_, '_> {
    #[inline]
    fn record(&mut self, record: &ConsumerRecord<'_>) -> ControlFlow<()> {
        let session = &mut *self.session;
        let printed = if self.commits_ahead { session.print_later(record) } else { session.print(record) };
        match printed {
            Ok(ControlFlow::Continue(())) if session.count < session.limit && !self.commits_each => {
                ControlFlow::Continue(())
            }
            Ok(_) => ControlFlow::Break(()),
            Err(reason) => {
                self.ending = Some(reason);
                ControlFlow::Break(())
            }
        }
    }

    fn wants_out(&self) -> bool {
        self.has_new_partitions
    }

    fn assigned(&mut self, _partitions: &[TopicPartition]) {
        self.has_new_partitions = self.session.by_hand.is_some();
    }
}

impl Session<'_> {
    #[inline]
    fn print(&mut self, record: &ConsumerRecord<'_>) -> Result<ControlFlow<()>, Ending> {
        self.count += 1;
        let out = &mut self.context.stdout;
        if let Err(error) = self.request.formatter.write(record, out.buffer()) {
            self.format_failed(error)?;
            return Ok(ControlFlow::Continue(()));
        }
        out.flush_if_full().map_err(Ending::Unwritten)?;
        if out.buffer().is_empty() {
            self.note_written();
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Formats a record, for offsets are committed before anything is written; stops when the buffer is full.
    fn print_later(&mut self, record: &ConsumerRecord<'_>) -> Result<ControlFlow<()>, Ending> {
        self.count += 1;
        let out = &mut self.context.stdout;
        let formatted = self.request.formatter.write(record, out.buffer());
        let flow = if out.is_full() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        match formatted {
            Ok(()) => Ok(flow),
            // Telling of it writes what is in the buffer.
            Err(error) if self.request.skips_errors => {
                self.notes.push(format!("record {} skipped: {error}", self.count));
                Ok(flow)
            }
            Err(error) => Err(Ending::Unformatted(error)),
        }
    }

    #[cold]
    fn format_failed(&mut self, error: FormatterError) -> Result<(), Ending> {
        if !self.request.skips_errors {
            return Err(Ending::Unformatted(error));
        }
        self.context.stdout.flush().map_err(Ending::Unwritten)?;
        self.context.log(&format!("record {} skipped: {error}", self.count)).map_err(Ending::Untold)
    }
}
