//! What network members fetch and what they say became of it.
//!
//! Batches are read first, without a lock; then records are acquired, no more than were read; and what others have acquired
//! meanwhile, or is to be seen by nobody, is left out. Records whose batch is not given are no records to the member.

use super::super::error::Error;
use super::super::transactions::CommittedFilter;
use super::ledger::{Exchange, Got, Ledger};
use super::network::{NetworkShares, ShareAnswer, ShareGiven, ShareRequestPart, ShareWanted};
use super::network_sessions::{Part, ShareSession};
use super::settings::ShareSettings;
use super::state_log::StateLogs;
use super::topics;
use crate::client::Result;
use crate::log::Chunk;
use crate::share::{AcknowledgeType, Acknowledgement, Acquired, ShareKey};
use crate::types::{ErrorCode, Offset, TimestampMs, now_ms};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// A log is read in pieces of this size.
const PIECE_BYTES: usize = 256 * 1024;
/// How many offsets one acknowledgement may spell out one by one.
const SPELLED_OUT_MAX: i64 = 100_000;

/// What a fetch came to.
#[derive(Debug, Default)]
pub(crate) struct ShareFetched {
    pub(crate) given: Vec<ShareGiven>,
    /// Partitions that can't be fetched from.
    pub(crate) refused: Vec<ShareAnswer>,
    /// There was something, but nothing to be given: look again.
    pub(crate) look_again: bool,
    /// When there will be something to be had, whatever happens.
    pub(crate) due: Option<Duration>,
    /// How long the member has for what it got.
    pub(crate) lock: Duration,
}

/// Batches as they were read.
#[derive(Default)]
struct Batches {
    bytes: Vec<u8>,
    /// First and last offset of each that may be seen, and where it is.
    visible: Vec<(Offset, Offset, Range<usize>)>,
    /// Behind the last batch, seen or not.
    behind: Offset,
}

impl NetworkShares {
    /// Takes a member at its word, partition by partition; it is durable when this returns.
    pub(crate) fn acknowledge(
        &self,
        session: &Arc<ShareSession>,
        parts: &[ShareRequestPart],
        renews: bool,
    ) -> Result<Vec<ShareAnswer>> {
        let settings = ShareSettings::of(&self.cluster, &session.group)?;
        let spoken: Vec<&ShareRequestPart> = parts.iter().filter(|part| !part.words.is_empty()).collect();
        if spoken.is_empty() {
            return Ok(Vec::new());
        }
        self.with_states(|logs| {
            let mut inner = session.lock();
            let mut answers = Vec::new();
            for part in spoken {
                let place = (part.topic_id, part.partition);
                let known = inner.parts.iter_mut().find(|one| (one.topic_id, one.partition) == place);
                let answer = match (words_of(part, renews), known) {
                    (Err(code), _) => Err(code),
                    (Ok(words), Some(known)) => self.say(session, known, logs, &settings, &words)?,
                    (Ok(words), None) => {
                        let mut known =
                            Part { topic_id: place.0, partition: place.1, ledger: None, sign: None };
                        self.say(session, &mut known, logs, &settings, &words)?
                    }
                };
                answers.push((place.0, place.1, answer));
            }
            Ok(answers)
        })
    }

    fn say(
        &self,
        session: &ShareSession,
        part: &mut Part,
        logs: &mut StateLogs,
        settings: &ShareSettings,
        words: &[Acknowledgement],
    ) -> Result<std::result::Result<(), ErrorCode>> {
        if let Err(code) = self.open_part(session, part)? {
            return Ok(Err(code));
        }
        let Some(ledger) = &mut part.ledger else { return Ok(Err(ErrorCode::UnknownTopicOrPartition)) };
        let how = Exchange { count_max: 0, ..self.exchange(session, settings) };
        match ledger.exchange(logs, &how, words) {
            Ok(got) if got.is_refused => Ok(Err(ErrorCode::InvalidRecordState)),
            Ok(_) => Ok(Ok(())),
            Err(Error::PartitionGone { .. }) => Ok(Err(ErrorCode::UnknownTopicOrPartition)),
            Err(e) => Err(e.into()),
        }
    }

    fn exchange<'a>(&'a self, session: &'a ShareSession, settings: &'a ShareSettings) -> Exchange<'a> {
        Exchange {
            cluster: &self.cluster,
            member_id: &session.member_id,
            settings,
            count_max: 0,
            end_max: None,
            seeks_the_dead: false,
            is_strict: true,
        }
    }

    /// Opens a partition of a session, if it isn't.
    fn open_part(
        &self,
        session: &ShareSession,
        part: &mut Part,
    ) -> Result<std::result::Result<(), ErrorCode>> {
        if part.ledger.is_some() {
            return Ok(Ok(()));
        }
        let catalog = self.cluster.catalog()?;
        let Some(topic) = topics::open_topic(&self.cluster, &catalog, part.topic_id)? else {
            return Ok(Err(ErrorCode::UnknownTopicId));
        };
        if !catalog.has(part.topic_id, part.partition) {
            return Ok(Err(ErrorCode::UnknownTopicOrPartition));
        }
        let (topic_id, partition) = (part.topic_id, part.partition);
        let key = ShareKey { group: session.group.clone(), topic_id, partition };
        match Ledger::new(&self.cluster, key, topic) {
            Ok(ledger) => {
                part.ledger = Some(ledger);
                Ok(Ok(()))
            }
            Err(Error::PartitionGone { .. }) => Ok(Err(ErrorCode::UnknownTopicOrPartition)),
            Err(e) => Err(e.into()),
        }
    }

    /// Gives the member what is to be had, partition by partition.
    pub(crate) fn fetch(&self, session: &Arc<ShareSession>, wanted: &ShareWanted) -> Result<ShareFetched> {
        let settings = ShareSettings::of(&self.cluster, &session.group)?;
        let lock_ms = u64::try_from(settings.limits.lock_ms).unwrap_or(0);
        let mut fetched = ShareFetched { lock: Duration::from_millis(lock_ms), ..ShareFetched::default() };
        let mut left = *wanted;
        let mut due: Option<TimestampMs> = None;
        self.with_states(|logs| {
            let mut inner = session.lock();
            let (count, turn) = (inner.parts.len(), inner.turn);
            for step in 0..count {
                if left.records_max <= 0 || left.bytes_max == 0 {
                    break;
                }
                let Some(part) = inner.parts.get_mut(turn.wrapping_add(step) % count) else { continue };
                let (topic_id, partition) = (part.topic_id, part.partition);
                if let Err(code) = self.open_part(session, part)? {
                    fetched.refused.push((topic_id, partition, Err(code)));
                    continue;
                }
                let Some(ledger) = &mut part.ledger else { continue };
                let given = ledger.sign().and_then(|sign| {
                    let given = self.fetch_from(session, ledger, logs, &settings, &left)?;
                    // What the member itself has changed is no news to it.
                    part.sign = Some((sign.0, ledger.sign()?.1));
                    Ok(given)
                });
                match given {
                    Ok((given, got, was_something)) => {
                        fetched.look_again |= was_something && given.is_none() || got.outcome.has_changed;
                        due = [due, got.outcome.next_deadline].into_iter().flatten().min();
                        if let Some(given) = given {
                            left.bytes_max = left.bytes_max.saturating_sub(given.records.len());
                            left.records_max -= got.outcome.acquired_count;
                            fetched.given.push(given);
                        }
                    }
                    Err(Error::PartitionGone { .. }) => {
                        part.ledger = None;
                        fetched.refused.push((topic_id, partition, Err(ErrorCode::UnknownTopicOrPartition)));
                    }
                    Err(e) => return Err(e.into()),
                }
            }
            inner.turn = turn.wrapping_add(1);
            Ok(())
        })?;
        let in_ms = |due: TimestampMs| u64::try_from(due.0.saturating_sub(now_ms().0).max(1)).unwrap_or(1);
        fetched.due = due.map(|due| Duration::from_millis(in_ms(due)));
        Ok(fetched)
    }

    /// What one partition has; whether there was anything at all is said last.
    fn fetch_from(
        &self,
        session: &ShareSession,
        ledger: &mut Ledger,
        logs: &mut StateLogs,
        settings: &ShareSettings,
        wanted: &ShareWanted,
    ) -> super::super::error::Result<(Option<ShareGiven>, Got, bool)> {
        let Some(first) = ledger.look(logs, &self.cluster, settings)? else {
            return Ok((None, Got::default(), false));
        };
        let end = ledger.readable_end(settings)?;
        let mut read = read(ledger, settings, first, end, wanted, None)?;
        let how = Exchange {
            count_max: if wanted.whole_batches { i64::MAX } else { wanted.records_max },
            end_max: Some(read.end(first, wanted)),
            ..self.exchange(session, settings)
        };
        let mut got = ledger.exchange(logs, &how, &[])?;
        let (Some(acquired_first), Some(acquired_last)) = (got.acquired.first(), got.acquired.last()) else {
            return Ok((None, got, false));
        };
        if acquired_first.first < first || acquired_last.last >= read.behind {
            // Somebody gave back what is not among these.
            let until = Some(acquired_last.last);
            read = self::read(ledger, settings, acquired_first.first, end, wanted, until)?;
        }
        let (records, gaps) = read.of(&got.acquired);
        if !gaps.is_empty() {
            let how = Exchange { is_strict: false, ..self.exchange(session, settings) };
            ledger.exchange(logs, &how, &gaps)?;
            got.acquired = without(&got.acquired, &gaps);
        }
        got.outcome.acquired_count = got.acquired.iter().map(|part| part.last.next().since(part.first)).sum();
        let acquired: Vec<_> =
            got.acquired.iter().map(|part| (part.first, part.last, part.delivery_count)).collect();
        let (topic_id, partition) = (ledger.key.topic_id, ledger.key.partition);
        let given = (!acquired.is_empty()).then_some(ShareGiven { topic_id, partition, records, acquired });
        Ok((given, got, true))
    }

    /// Whether there may be something new for the member. Cheap.
    pub(crate) fn has_news(&self, session: &ShareSession) -> bool {
        let mut inner = session.lock();
        inner.parts.iter_mut().any(|part| match &mut part.ledger {
            // What can't be looked at is found out about by a fetch.
            Some(ledger) => ledger.sign().ok() != part.sign,
            None => true,
        })
    }

    /// Ends a session: what the member still has goes to others.
    pub(crate) fn end_session(&self, session: &Arc<ShareSession>) -> Result<()> {
        self.forget(session);
        let settings = ShareSettings::of(&self.cluster, &session.group)?;
        self.with_states(|logs| {
            let mut inner = session.lock();
            for ledger in inner.parts.iter_mut().filter_map(|part| part.ledger.as_mut()) {
                match ledger.release(logs, &self.exchange(session, &settings)) {
                    Err(Error::PartitionGone { .. }) => {}
                    other => other?,
                }
            }
            inner.parts.clear();
            Ok(())
        })
    }
}

/// What a request says of a partition's records, run by run.
fn words_of(part: &ShareRequestPart, renews: bool) -> std::result::Result<Vec<Acknowledgement>, ErrorCode> {
    let mut words: Vec<Acknowledgement> = Vec::new();
    let mut behind: Option<Offset> = None;
    for (first, last, whats) in &part.words {
        let in_order = first.get() >= 0 && first <= last && last.get() < i64::MAX;
        if !in_order || behind.is_some_and(|behind| *first < behind) {
            return Err(ErrorCode::InvalidRequest);
        }
        let count = last.next().since(*first);
        let spelled_out = i64::try_from(whats.len()).unwrap_or(i64::MAX);
        if spelled_out != 1 && spelled_out != count || spelled_out > SPELLED_OUT_MAX {
            return Err(ErrorCode::InvalidRequest);
        }
        behind = Some(last.next());
        for (index, &what) in (0..).zip(whats) {
            let what = what_of(what, renews)?;
            let (first, last) =
                if spelled_out == 1 { (*first, *last) } else { (first.plus(index), first.plus(index)) };
            match words.last_mut() {
                Some(word) if word.what == what && word.last.next() == first => word.last = last,
                _ => words.push(Acknowledgement { first, last, what }),
            }
        }
    }
    Ok(words)
}

fn what_of(number: i8, renews: bool) -> std::result::Result<AcknowledgeType, ErrorCode> {
    match number {
        0 => Ok(AcknowledgeType::Gap),
        1 => Ok(AcknowledgeType::Accept),
        2 => Ok(AcknowledgeType::Release),
        3 => Ok(AcknowledgeType::Reject),
        4 if renews => Ok(AcknowledgeType::Renew),
        _ => Err(ErrorCode::InvalidRequest),
    }
}

/// Reads batches from `first` on: as many as are wanted, or those up to `until`.
fn read(
    ledger: &Ledger,
    settings: &ShareSettings,
    first: Offset,
    end: Offset,
    wanted: &ShareWanted,
    until: Option<Offset>,
) -> super::super::error::Result<Batches> {
    let mut batches = Batches { behind: first, ..Batches::default() };
    if first >= end {
        return Ok(batches);
    }
    let mut filter = settings.read_committed.then(CommittedFilter::default);
    if let Some(filter) = &mut filter {
        filter.limit(ledger.handle.dir(), first, end)?;
    }
    let mut reader = ledger.handle.reader(first)?;
    let mut buffer = vec![0; PIECE_BYTES.min(wanted.bytes_max.max(1))];
    while !batches.is_enough(first, wanted, until) {
        let Some(chunk) = reader.read(&mut buffer, end)? else { break };
        batches.add(&chunk, first, filter.as_mut())?;
    }
    Ok(batches)
}

impl Batches {
    fn is_enough(&self, first: Offset, wanted: &ShareWanted, until: Option<Offset>) -> bool {
        match until {
            Some(last) => self.behind > last,
            None => self.bytes.len() >= wanted.bytes_max || self.behind.since(first) >= wanted.records_max,
        }
    }

    /// Takes the batches of a chunk from `first` on that may be seen.
    fn add(
        &mut self,
        chunk: &Chunk<'_>,
        first: Offset,
        mut filter: Option<&mut CommittedFilter>,
    ) -> super::super::error::Result<()> {
        for batch in chunk.batches() {
            let (header, batch) = batch?;
            let visible = match &mut filter {
                Some(filter) => filter.admits(&header, batch)?,
                None => !header.is_control(),
            };
            if header.last_offset() < first {
                continue;
            }
            self.behind = header.last_offset().next();
            if visible {
                let start = self.bytes.len();
                self.bytes.extend_from_slice(batch);
                let place = start..self.bytes.len();
                self.visible.push((header.base_offset(), header.last_offset(), place));
            }
        }
        Ok(())
    }

    /// From where on nothing is to be acquired: behind the batch with the last record that is wanted.
    fn end(&self, first: Offset, wanted: &ShareWanted) -> Offset {
        if !wanted.whole_batches {
            return self.behind;
        }
        let last_wanted = first.plus(wanted.records_max.saturating_sub(1).min(1 << 40));
        let enough = self.visible.iter().find(|(_, last, _)| *last >= last_wanted);
        enough.map_or(self.behind, |(_, last, _)| last.next())
    }

    /// The batches that have something of what was acquired; and what of that is in none.
    fn of(&self, acquired: &[Acquired]) -> (Vec<u8>, Vec<Acknowledgement>) {
        let (mut records, mut gaps) = (Vec::new(), Vec::new());
        for (first, last, place) in &self.visible {
            if acquired.iter().any(|part| part.first <= *last && part.last >= *first) {
                records.extend_from_slice(self.bytes.get(place.clone()).unwrap_or_default());
            }
        }
        for part in acquired {
            let mut next = part.first;
            for (first, last, _) in self.visible.iter().filter(|(_, last, _)| *last >= part.first) {
                if next > part.last {
                    break;
                }
                gap(&mut gaps, next, part.last.min(first.plus(-1)));
                next = next.max(last.next());
            }
            gap(&mut gaps, next, part.last);
        }
        (records, gaps)
    }
}

fn gap(gaps: &mut Vec<Acknowledgement>, first: Offset, last: Offset) {
    if first <= last {
        gaps.push(Acknowledgement { first, last, what: AcknowledgeType::Gap });
    }
}

/// What was acquired, but for the gaps, which are in order.
fn without(acquired: &[Acquired], gaps: &[Acknowledgement]) -> Vec<Acquired> {
    let mut left = Vec::new();
    for part in acquired {
        let mut next = part.first;
        for gap in gaps.iter().filter(|gap| gap.first >= part.first && gap.last <= part.last) {
            if gap.first > next {
                left.push(Acquired { first: next, last: gap.first.plus(-1), ..*part });
            }
            next = gap.last.next();
        }
        if next <= part.last {
            left.push(Acquired { first: next, ..*part });
        }
    }
    left
}
