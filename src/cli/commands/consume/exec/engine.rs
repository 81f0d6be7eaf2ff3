//! `Engine`: the records that were taken, the command that works on them, and where what comes of them goes. The receiver
//! of a consumer's polls.
//!
//! It doesn't know when to poll and when to commit (see `session`), nor how what has come of records is stored (`settle`).

use super::events;
use super::failing::Failing;
use super::outgoing::Outlets;
use super::record::OwnedRecord;
use super::retry::Retries;
use super::settle::at;
use super::transactions::Transactions;
use super::window::{Product, Ticket, Window};
use super::worker::{Report, Worker};
use crate::cli::format::Formatter;
use crate::client::{self, CommittedOffset, ConsumerRecord, Handler};
use crate::signal::{self, Bell};
use crate::types::{Offset, TopicPartition};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Instant;

/// Where what comes of records goes.
pub(super) enum Sink {
    /// As soon as it is there.
    Outlets(Outlets),
    /// With the offsets.
    Transactions(Transactions),
}

/// What the command line says of it.
pub(super) struct Settings {
    pub(super) retries: Retries,
    /// What can't be done goes to a topic of its own.
    pub(super) has_letters: bool,
    /// Prints records for a command that wants them so.
    pub(super) formatter: Option<Formatter>,
    pub(super) skips_errors: bool,
    /// Offsets are committed.
    pub(super) commits: bool,
    /// They are committed once their records are done.
    pub(super) commits_after: bool,
    /// How many records are to be taken.
    pub(super) limit: u64,
}

/// Why no further record is handed over.
#[derive(Debug)]
pub(super) enum Stop {
    /// What could not be done, for people.
    Failed(String),
    Unread(client::Error),
}

pub(super) struct Engine {
    pub(super) window: Window,
    pub(super) worker: Box<dyn Worker>,
    pub(super) sink: Sink,
    pub(super) stop: Option<Stop>,
    pub(super) bell: Bell,
    settings: Settings,
    /// Records that were taken.
    taken_count: u64,
    /// Records that are done.
    pub(super) done_count: u64,
    /// Records that are done since offsets were last committed.
    pub(super) uncommitted_count: usize,
    pub(super) committed: BTreeMap<TopicPartition, Offset>,
    /// Partitions have come that no offset may be committed of.
    pub(super) has_new_partitions: bool,
    /// They have come in the present poll.
    pub(super) was_assigned: bool,
    /// Since when somebody else has a partition that the group still calls ours.
    pub(super) fenced_since: Option<Instant>,
    /// What is to be told, in order.
    pub(super) notes: Vec<String>,
    reports: Vec<Report>,
}

impl Engine {
    pub(super) fn new(
        settings: Settings,
        window: Window,
        worker: Box<dyn Worker>,
        sink: Sink,
        bell: Bell,
    ) -> Engine {
        Engine {
            window,
            worker,
            sink,
            stop: None,
            bell,
            settings,
            taken_count: 0,
            done_count: 0,
            uncommitted_count: 0,
            committed: BTreeMap::new(),
            has_new_partitions: false,
            was_assigned: false,
            fenced_since: None,
            notes: Vec::new(),
            reports: Vec::new(),
        }
    }

    /// Whether all the records that are wanted have been taken.
    pub(super) fn has_all(&self) -> bool {
        self.taken_count >= self.settings.limit
    }

    /// Hands a record to the command that the window counts as handed over.
    pub(super) fn start(&mut self, ticket: Ticket) {
        if let Some(entry) = self.window.entry(ticket) {
            self.worker.hand_over(ticket, &entry.record, entry.attempts);
        }
    }

    /// Moves everything on that can be moved on without waiting, up to sending what has come of it.
    pub(super) fn pump(&mut self) {
        // The first signal lets the command end what it does, the second doesn't.
        if signal::count() > 1 {
            self.worker.kill();
        }
        let mut reports = std::mem::take(&mut self.reports);
        self.worker.pump(&mut reports);
        for report in reports.drain(..) {
            self.take_report(report);
        }
        self.reports = reports;
        self.put_done();
    }

    fn take_report(&mut self, report: Report) {
        match report {
            Report::Done(ticket, value) => {
                self.finish(ticket, value.map_or(Product::Nothing, Product::Output));
            }
            Report::Failed(ticket, failing) => self.take_failure(ticket, failing),
            Report::Returned(ticket) => self.window.take_back(ticket),
            Report::Broken(why) => self.fail(format!("the command can't be talked to: {why}")),
        }
    }

    fn take_failure(&mut self, ticket: Ticket, failing: Failing) {
        let Some(entry) = self.window.entry(ticket) else { return };
        match self.settings.retries.pause(entry.attempts) {
            Some(pause) => {
                let now = Instant::now();
                self.window.rest(ticket, now.checked_add(pause).unwrap_or(now));
            }
            None => self.give_up(ticket, failing),
        }
    }

    /// Nothing is to be hoped for of a record any more.
    pub(super) fn give_up(&mut self, ticket: Ticket, failing: Failing) {
        let Some(entry) = self.window.entry(ticket) else { return };
        if self.settings.has_letters {
            self.finish(ticket, Product::Letter(failing));
            return;
        }
        let attempts = match entry.attempts {
            1 => "1 attempt".to_owned(),
            attempts => format!("{attempts} attempts"),
        };
        let why = format!("the command failed on the record of {} after {attempts}: {failing}", entry.record);
        self.window.take_back(ticket);
        self.fail(why);
    }

    fn finish(&mut self, ticket: Ticket, product: Product) {
        let Some(entry) = self.window.entry(ticket) else { return };
        if entry.product().is_none() {
            self.done_count += 1;
            self.uncommitted_count += 1;
        }
        self.window.finish(ticket, product);
    }

    /// The first reason to stop is the one that is told.
    pub(super) fn fail(&mut self, why: String) {
        self.stop.get_or_insert(Stop::Failed(why));
    }

    /// Sleeps until a command has something to say, a signal comes, or it is time.
    pub(super) fn sleep(&self, until: Option<Instant>) {
        let until = until.into_iter().chain(self.worker.deadline()).min();
        events::wait(&self.bell, self.worker.processes(), until);
    }

    /// Returns when no command works on a record of these partitions any more.
    fn wait_for(&mut self, partitions: &[TopicPartition]) {
        self.pump();
        while self.window.is_busy(Some(partitions)) {
            self.sleep(None);
            self.pump();
        }
    }

    fn forget(&mut self, partitions: &[TopicPartition]) {
        let untaken_count = self.window.drop_lanes(partitions);
        self.taken_count = self.taken_count.saturating_sub(untaken_count);
        self.fenced_since = None;
        for partition in partitions {
            self.committed.remove(partition);
            if let Sink::Transactions(transactions) = &mut self.sink {
                transactions.close(partition);
            }
        }
    }
}

impl Handler for Engine {
    fn record(&mut self, consumed: &ConsumerRecord<'_>) -> ControlFlow<()> {
        self.taken_count += 1;
        let partition = self.window.partition(consumed.topic, consumed.partition);
        let mut record = OwnedRecord::new(partition, consumed);
        let formatted = match &self.settings.formatter {
            Some(formatter) => formatter.write(consumed, &mut record.text),
            None => Ok(()),
        };
        match formatted {
            Ok(()) => self.window.push(record),
            Err(error) if self.settings.skips_errors => {
                self.notes.push(format!("record {} skipped: {error}", self.taken_count));
            }
            Err(error) => {
                // It counts as read, but nothing of it may be committed.
                self.fail(format!("record {}: {error}", self.taken_count));
                self.window.push(record);
            }
        }
        if self.is_full() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn is_full(&self) -> bool {
        self.stop.is_some() || self.window.is_full() || self.has_all()
    }

    fn wants_out(&self) -> bool {
        self.was_assigned
    }

    fn assigned(&mut self, partitions: &[TopicPartition]) {
        self.was_assigned = self.settings.commits && !partitions.is_empty();
        self.has_new_partitions |= self.was_assigned;
        if let Sink::Transactions(transactions) = &mut self.sink {
            for partition in partitions {
                if let Err(error) = transactions.open(partition) {
                    self.stop.get_or_insert(Stop::Failed(format!("can't take over {partition}: {error}")));
                }
            }
        }
    }

    /// What is with a command is waited for: the next owner must not begin before. In a transaction, what is done and
    /// not committed is left to that one.
    fn revoked(&mut self, partitions: &[TopicPartition]) -> Vec<(TopicPartition, CommittedOffset)> {
        self.window.close(partitions);
        self.wait_for(partitions);
        let is_safe = self.settings.commits && self.settings.commits_after && self.flush();
        let lanes = self.window.lanes().iter().filter(|lane| partitions.contains(&lane.partition));
        let positions = lanes.filter_map(|lane| Some(((*lane.partition).clone(), at(lane.position()?))));
        let due = if is_safe { positions.collect() } else { Vec::new() };
        self.forget(partitions);
        due
    }

    fn lost(&mut self, partitions: &[TopicPartition]) {
        self.forget(partitions);
    }
}
