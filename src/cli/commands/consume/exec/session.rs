//! `Session`: when records are taken, when they are handed over, and when offsets are committed.
//!
//! One thread does it all. While there is nothing to do it sleeps in the consumer's poll; while a command runs it sleeps in
//! poll(2), and asks the consumer between times, so that the group goes on being shared out.

use super::engine::{Engine, Sink, Stop};
use super::window::{RECORDS_MAX, Ticket};
use crate::cli::commands::consume::delivery::{Commit, Delivery, is_rebalancing};
use crate::client::{self, CommittedOffset, Consumer, Polled};
use crate::signal;
use crate::types::TopicPartition;
use std::time::{Duration, Instant};

/// How long a consumer is left alone while commands run.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// How long records that are done wait for others that were taken with them.
const BATCH_INTERVAL: Duration = Duration::from_secs(1);

/// One run from the first record to the last.
pub(super) struct Session {
    pub(super) engine: Engine,
    commit: Commit,
    delivery: Delivery,
    /// Ends the run after this time without a record.
    timeout: Option<Duration>,
    /// How long a member of the group may take to hear that it is none.
    session_timeout: Duration,
    last_poll: Instant,
    /// When a record was last there or worked on.
    last_record: Instant,
    last_commit: Instant,
    /// The group has moved on: nothing can be committed before the next poll.
    must_poll: bool,
    has_reached_end: bool,
}

/// Why the run is over.
#[derive(Debug)]
pub(super) enum Ending {
    Complete,
    Signal(i32),
    Stopped(Stop),
}

impl Session {
    pub(super) fn new(
        engine: Engine,
        commit: Commit,
        delivery: Delivery,
        timeout: Option<Duration>,
        session_timeout: Duration,
    ) -> Session {
        let now = Instant::now();
        Session {
            engine,
            commit,
            delivery,
            timeout,
            session_timeout,
            last_poll: now,
            last_record: now,
            last_commit: now,
            must_poll: false,
            has_reached_end: false,
        }
    }

    /// Runs until there is a reason to end, and commits what is done by then. Tells `note` what is to be told meanwhile.
    pub(super) fn run(&mut self, consumer: &mut dyn Consumer, note: &mut dyn FnMut(&str)) -> Ending {
        loop {
            self.engine.pump();
            self.engine.notes.drain(..).for_each(|text| note(&text));
            if let Some(ending) = self.ending() {
                return self.end(consumer, ending);
            }
            if !self.is_stopping() {
                self.take(consumer);
                self.hand_over(consumer);
            }
            if self.engine.window.is_busy(None) {
                self.last_record = Instant::now();
                // The next command is at work while the offsets of those before are on their way to the disk.
                self.commit_if_due(consumer);
                self.engine.sleep(self.next_duty());
            }
        }
    }

    fn is_stopping(&self) -> bool {
        self.engine.stop.is_some() || signal::received().is_some()
    }

    /// Why the run is over, once nothing is with a command any more.
    fn ending(&mut self) -> Option<Ending> {
        if self.engine.window.is_busy(None) {
            return None;
        }
        if let Some(stop) = self.engine.stop.take() {
            return Some(Ending::Stopped(stop));
        }
        if let Some(number) = signal::received() {
            return Some(Ending::Signal(number));
        }
        if self.engine.fenced_since.is_some_and(|since| since.elapsed() > self.session_timeout) {
            let why = "another producer has opened a partition of this member".to_owned();
            return Some(Ending::Stopped(Stop::Failed(why)));
        }
        let is_complete = self.engine.window.is_empty() && (self.engine.has_all() || self.has_reached_end);
        is_complete.then_some(Ending::Complete)
    }

    /// Takes records, or only has the consumer look after its group.
    fn take(&mut self, consumer: &mut dyn Consumer) {
        let now = Instant::now();
        let (busy, next) = (self.engine.window.is_busy(None), self.engine.window.next(now));
        let has_time = self.must_poll || now.duration_since(self.last_poll) >= POLL_INTERVAL;
        let is_hungry = next.is_none() && self.engine.worker.room() > 0 && !self.engine.window.is_full();
        let mut timeout = match (busy, next) {
            (true, _) | (_, Some(_)) if !has_time && !is_hungry => return,
            (true, _) | (_, Some(_)) => Some(Duration::ZERO),
            (false, None) if self.engine.window.is_empty() => self.idle_time(),
            // What is left rests, or waits for the group.
            (false, None) => {
                let rested = self.engine.window.next_rested();
                Some(rested.map_or(POLL_INTERVAL, |rested| rested.saturating_duration_since(now)))
            }
        };
        let is_idle = !busy && self.engine.window.is_empty();
        if timeout != Some(Duration::ZERO) {
            // Nothing is left undone while there is time.
            self.commit_if_due(consumer);
            self.engine.flush();
            if self.must_poll || self.engine.stop.is_some() {
                timeout = Some(POLL_INTERVAL);
            }
        }
        self.engine.was_assigned = false;
        let polled = consumer.poll(timeout, &mut self.engine);
        self.must_poll = false;
        self.last_poll = Instant::now();
        match polled {
            Ok(Polled::Records) => self.last_record = self.last_poll,
            Ok(Polled::End) => self.has_reached_end = true,
            Ok(Polled::TimedOut) => self.has_reached_end |= is_idle && self.is_out_of_time(),
            Ok(Polled::Interrupted) => {}
            Err(error) => {
                self.engine.stop.get_or_insert(Stop::Unread(error));
            }
        }
    }

    /// How long to wait for a record when there is nothing else to do.
    fn idle_time(&self) -> Option<Duration> {
        let left = self.timeout.map(|timeout| timeout.saturating_sub(self.last_record.elapsed()));
        let commit = match self.commit {
            Commit::Interval(interval) if self.engine.uncommitted_count > 0 => {
                Some(interval.saturating_sub(self.last_commit.elapsed()))
            }
            _ => None,
        };
        left.into_iter().chain(commit).min()
    }

    fn is_out_of_time(&self) -> bool {
        self.timeout.is_some_and(|timeout| self.last_record.elapsed() >= timeout)
    }

    /// Hands over whatever may be handed over.
    fn hand_over(&mut self, consumer: &mut dyn Consumer) {
        self.commit_new_partitions(consumer);
        while !self.is_stopping() {
            let most = match self.commit {
                Commit::Record => 1,
                _ => self.engine.worker.room(),
            };
            let mut tickets = Vec::new();
            while tickets.len() < most.min(self.engine.worker.room())
                && let Some(ticket) = self.engine.window.next(Instant::now())
            {
                self.engine.window.hand_over(ticket);
                tickets.push(ticket);
            }
            if tickets.is_empty() {
                return;
            }
            if self.delivery == Delivery::AtMost && !self.commit_ahead(consumer, &tickets) {
                tickets.iter().for_each(|ticket| self.engine.window.take_back(*ticket));
                return;
            }
            tickets.iter().for_each(|ticket| self.engine.start(*ticket));
        }
    }

    /// Commits the offsets behind these records, which are about to be handed over.
    fn commit_ahead(&mut self, consumer: &mut dyn Consumer, tickets: &[Ticket]) -> bool {
        let offsets = self.engine.offsets_behind(tickets);
        self.commit_offsets(consumer, &offsets)
    }

    fn commit_offsets(
        &mut self,
        consumer: &mut dyn Consumer,
        offsets: &[(TopicPartition, CommittedOffset)],
    ) -> bool {
        match consumer.commit(offsets) {
            Ok(()) => {
                self.engine.note_committed(offsets);
                true
            }
            Err(error) => {
                self.commit_failed(error);
                false
            }
        }
    }

    fn commit_failed(&mut self, error: client::Error) {
        if is_rebalancing(&error) {
            self.must_poll = true;
        } else {
            self.engine.stop.get_or_insert(Stop::Unread(error));
        }
    }

    /// A group without an offset would begin elsewhere after a crash, so it gets one before anything is done.
    fn commit_new_partitions(&mut self, consumer: &mut dyn Consumer) {
        if self.engine.has_new_partitions && !self.must_poll {
            self.engine.has_new_partitions = !self.commit_positions(consumer);
        }
    }

    fn commit_if_due(&mut self, consumer: &mut dyn Consumer) {
        if self.commit == Commit::Never || self.must_poll {
            return;
        }
        let count = self.engine.uncommitted_count;
        let is_due = match self.commit {
            Commit::Never => false,
            Commit::Record => true,
            Commit::Batch => {
                let is_much = count >= RECORDS_MAX || self.last_commit.elapsed() >= BATCH_INTERVAL;
                is_much || self.engine.window.is_all_done()
            }
            Commit::Interval(interval) => self.last_commit.elapsed() >= interval,
        };
        if count > 0 && (is_due || self.engine.window.is_full()) {
            self.commit(consumer);
        }
    }

    /// Commits everything that is done.
    fn commit(&mut self, consumer: &mut dyn Consumer) {
        let committed = match (self.delivery, &self.engine.sink) {
            (Delivery::AtMost, _) => true,
            (_, Sink::Outlets(_)) => self.commit_positions(consumer),
            (_, Sink::Transactions(_)) => {
                let positions = consumer.positions();
                let member = consumer.group_metadata();
                member.is_some_and(|member| self.engine.commit_transactions(&positions, &member))
            }
        };
        if committed {
            self.engine.uncommitted_count = 0;
            self.last_commit = Instant::now();
        } else {
            self.must_poll = true;
        }
    }

    /// Commits where the records stand that are not settled, and the positions of partitions that have none.
    fn commit_positions(&mut self, consumer: &mut dyn Consumer) -> bool {
        if !self.engine.flush() {
            return false;
        }
        let offsets = self.engine.due_offsets(consumer.positions());
        offsets.is_empty() || self.commit_offsets(consumer, &offsets)
    }

    /// When there is something to do beside waiting for commands.
    fn next_duty(&self) -> Option<Instant> {
        if self.is_stopping() {
            return None;
        }
        let poll = Some(self.last_poll + POLL_INTERVAL);
        poll.into_iter().chain(self.engine.window.next_rested()).min()
    }

    /// Commits what is done, and has the commands end.
    fn end(&mut self, consumer: &mut dyn Consumer, ending: Ending) -> Ending {
        self.engine.pump();
        if self.commit != Commit::Never {
            self.commit(consumer);
            if self.delivery != Delivery::AtMost {
                self.commit_positions(consumer);
            }
        }
        self.engine.flush();
        self.engine.worker.end();
        self.engine.pump();
        while self.engine.worker.processes().next().is_some() {
            self.engine.sleep(None);
            self.engine.pump();
        }
        match (ending, self.engine.stop.take()) {
            (Ending::Complete | Ending::Signal(_), Some(stop)) => Ending::Stopped(stop),
            (ending, _) => ending,
        }
    }
}
