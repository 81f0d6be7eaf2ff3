//! `kt expect`, from the first record to the verdict.

use super::condition::Candidate;
use super::expectation::{Count, Expectation};
use super::misses::Misses;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::one_line::one_line;
use crate::cli::parse::Parsed;
use crate::client::{Admin, Consumer, ConsumerRecord, Polled, StartOffset};
use crate::signal;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// How many records that are too many are told of.
const TOLD_MAX: usize = 3;

/// What was found so far.
struct Search<'c> {
    context: &'c mut Context,
    expectation: Expectation,
    found: u64,
    misses: Misses,
    /// The last of those found, for who expected fewer.
    latest: Vec<String>,
    /// Why it can't go on.
    failure: Option<Failure>,
}

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let expectation = Expectation::new(context, parsed)?;
    let connection = context.connect(parsed)?;
    signal::install();
    let admin = connection.admin()?;
    let start = match expectation.start {
        // All that a topic will have, once there is one, is new.
        StartOffset::Latest if !exists(admin.as_ref(), &expectation.topic) => StartOffset::Earliest,
        start => start,
    };
    let mut consumer = connection.consumer(expectation.consumer(start))?;
    let deadline = Instant::now() + expectation.within;
    let mut search = Search {
        context,
        expectation,
        found: 0,
        misses: Misses::default(),
        latest: Vec::new(),
        failure: None,
    };
    if let Some(signal) = search.look(consumer.as_mut(), deadline)? {
        return Ok(Status::of_signal(signal));
    }
    consumer.close()?;
    search.verdict(admin.as_ref())
}

fn exists(admin: &dyn Admin, topic: &str) -> bool {
    admin.describe_topics(&[topic.to_owned()]).first().is_some_and(Result::is_ok)
}

impl Search<'_> {
    /// Reads until it is decided, the time is over and all is read that was there then, or a signal comes.
    fn look(&mut self, consumer: &mut dyn Consumer, deadline: Instant) -> Result<Option<i32>, Failure> {
        // How many records were there when the time was over.
        let mut left_behind = None;
        while self.found < self.expectation.decided_at() {
            if let Some(signal) = signal::received() {
                return Ok(Some(signal));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                let behind = *left_behind.get_or_insert_with(|| {
                    self.misses.looked_at.saturating_add(consumer.remaining().unwrap_or(0).max(1))
                });
                // Records may be written faster than they are read.
                if self.misses.looked_at >= behind {
                    break;
                }
            }
            let polled = consumer.poll(Some(left), &mut |record: &ConsumerRecord<'_>| self.take(record))?;
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            if polled == Polled::TimedOut && left == Duration::ZERO {
                break;
            }
        }
        Ok(None)
    }

    fn take(&mut self, record: &ConsumerRecord<'_>) -> ControlFlow<()> {
        if let StartOffset::At(offset) = self.expectation.start
            && record.record.offset < offset
        {
            return ControlFlow::Continue(());
        }
        self.misses.looked_at += 1;
        let candidate = Candidate::new(&record.record);
        let conditions = &self.expectation.conditions;
        if !conditions.iter().all(|condition| condition.holds(&candidate)) {
            self.misses.add(conditions, &candidate, record);
            return ControlFlow::Continue(());
        }
        self.found += 1;
        if let Count::Exactly(_) = self.expectation.count {
            self.latest.truncate(TOLD_MAX - 1);
            let (partition, offset) = (record.partition, record.record.offset);
            let line = format!(
                "  found: {}-{partition} offset {offset}: {}",
                self.expectation.topic,
                one_line(record)
            );
            self.latest.insert(0, line);
        }
        if let Err(failure) = self.print(record) {
            self.failure = Some(failure);
            return ControlFlow::Break(());
        }
        if self.found < self.expectation.decided_at() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }

    fn print(&mut self, record: &ConsumerRecord<'_>) -> Result<(), Failure> {
        let is_expected = self.expectation.count != Count::Exactly(0);
        if self.expectation.quiet || !is_expected {
            return Ok(());
        }
        let out = &mut self.context.stdout;
        if let Err(error) = self.expectation.formatter.write(record, out.buffer()) {
            let message =
                format!("{}-{} offset {}: {error}", record.topic, record.partition, record.record.offset);
            return Err(Failure::plain(message));
        }
        Ok(out.flush_if_full()?)
    }

    fn verdict(self, admin: &dyn Admin) -> Result<Status, Failure> {
        let Search { context, expectation, found, misses, latest, .. } = self;
        let topic = &expectation.topic;
        let is_there = misses.looked_at > 0 || exists(admin, topic);
        if expectation.is_met_by(found) {
            if !is_there {
                context.log(&format!("topic '{topic}' doesn't exist"))?;
            }
            return Ok(Status::SUCCESS);
        }
        let within = within(expectation.within);
        let verdict = match expectation.count {
            Count::AtLeast(1) => format!("no such record in '{topic}'{within}"),
            Count::Exactly(0) => format!("there is such a record in '{topic}'"),
            Count::Exactly(count) if found > count => format!("more than {count} such records in '{topic}'"),
            Count::AtLeast(count) | Count::Exactly(count) => {
                format!("{found} such records in '{topic}'{within}, not {count}")
            }
        };
        let mut lines = vec![format!("kt: {verdict}")];
        for (number, condition) in expectation.conditions.iter().enumerate() {
            lines.push(format!("  {} {condition}", if number == 0 { "such:" } else { " and:" }));
        }
        match is_there {
            true => lines.push(format!("  looked at {}", records(misses.looked_at))),
            false => lines.push(format!("  topic '{topic}' doesn't exist")),
        }
        // Too few were found, or too many.
        let has_too_few = found < expectation.decided_at() && !matches!(expectation.count, Count::Exactly(0));
        lines.extend(if has_too_few { misses.lines(topic, expectation.conditions.len()) } else { latest });
        context.say(&lines.join("\n"))?;
        Ok(Status::FAILURE)
    }
}

fn within(time: Duration) -> String {
    match time.as_millis() {
        0 => String::new(),
        ms if ms % 1000 == 0 => format!(" within {}s", ms / 1000),
        ms => format!(" within {ms}ms"),
    }
}

fn records(count: u64) -> String {
    if count == 1 { "1 record".to_owned() } else { format!("{count} records") }
}
