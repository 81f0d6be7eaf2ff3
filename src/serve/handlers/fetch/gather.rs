//! `Gathering`: what has been read for a fetch so far, and the bells that tell where there is more.

use super::wanted::Wanted;
use crate::client;
use crate::local::{Bell, FetchWanted as Read, Fetched, Isolation, RawLogs, RawTopic, Ring};
use crate::serve::permissions::Access;
use crate::types::acl::AclOperation;
use crate::types::{ErrorCode, LeaderEpoch, Offset, Uuid};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// What is read at most, and at least.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) bytes_min: usize,
    pub(super) bytes_max: usize,
    pub(super) isolation: Isolation,
}

/// One partition of a fetch.
pub(super) struct Part {
    pub(super) wanted: Wanted,
    topic: Result<RawTopic, ErrorCode>,
    pub(super) outcome: Result<Found, ErrorCode>,
}

/// What a partition has.
#[derive(Debug)]
pub(super) enum Found {
    Records(Fetched),
    /// The client has records that this log hasn't: they part at this epoch, which ends at this offset.
    Diverging(LeaderEpoch, Offset),
}

/// The partitions of a fetch, in the order in which they are read.
pub(super) struct Gathering {
    pub(super) parts: Vec<Part>,
    /// What has been read.
    bytes: usize,
    limits: Limits,
    rung: Arc<Rung>,
    bells: Vec<Bell>,
}

/// Which partitions have something new.
#[derive(Default)]
pub(super) struct Rung {
    places: Mutex<Vec<usize>>,
    pub(super) notify: Notify,
}

impl Rung {
    fn ring(&self, place: usize) {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).push(place);
        self.notify.notify_one();
    }

    fn take(&self) -> Vec<usize> {
        let mut places = std::mem::take(&mut *self.places.lock().unwrap_or_else(PoisonError::into_inner));
        places.sort_unstable();
        places.dedup();
        places
    }
}

impl Gathering {
    /// Reads what there is.
    pub(super) fn begin(
        logs: &RawLogs,
        access: &Access,
        wanted: Vec<Wanted>,
        by_id: bool,
        limits: Limits,
    ) -> Gathering {
        let mut topics: HashMap<(Uuid, String), Result<RawTopic, ErrorCode>> = HashMap::new();
        let parts = wanted.into_iter().map(|wanted| {
            let key = (wanted.name.topic_id, wanted.name.topic.to_string());
            let topic = topics.entry(key).or_insert_with(|| {
                let found = match by_id {
                    true => logs.topic_of(wanted.name.topic_id),
                    // Whether there is such a topic is nobody's business who may not read it.
                    false => access
                        .topic(AclOperation::Read, wanted.name.topic.as_str())
                        .and_then(|()| logs.topic(wanted.name.topic.as_str())),
                };
                let found = found.and_then(|topic| {
                    access.topic(AclOperation::Read, topic.name())?;
                    Ok(topic)
                });
                found.map_err(|e| e.code)
            });
            // Not read yet.
            Part { topic: topic.clone(), outcome: Err(ErrorCode::UnknownServerError), wanted }
        });
        let parts = parts.collect();
        let mut gathering = Gathering { parts, bytes: 0, limits, rung: Arc::default(), bells: Vec::new() };
        for place in 0..gathering.parts.len() {
            gathering.read(logs, place);
        }
        gathering
    }

    /// From here on a bell rings where something new comes; what has come in between is read at once.
    pub(super) fn listen(&mut self, logs: &RawLogs) {
        for (place, part) in self.parts.iter().enumerate() {
            let Ok(topic) = &part.topic else { continue };
            let rung = Arc::clone(&self.rung);
            let ring: Ring = Arc::new(move || rung.ring(place));
            // Where it can't be listened to, the next look says why.
            if let Ok(bell) = logs.listen(topic, part.wanted.name.partition, ring) {
                self.bells.push(bell);
            }
        }
        for place in 0..self.parts.len() {
            self.read(logs, place);
        }
    }

    pub(super) fn rung(&self) -> Arc<Rung> {
        Arc::clone(&self.rung)
    }

    /// Reads where a bell has rung.
    pub(super) fn look_again(&mut self, logs: &RawLogs) {
        for place in self.rung.take() {
            self.read(logs, place);
        }
    }

    /// Whether the client is to be answered without waiting for more.
    pub(super) fn is_enough(&self) -> bool {
        let settled = |part: &Part| !matches!(part.outcome, Ok(Found::Records(_)));
        self.parts.is_empty() || self.bytes >= self.limits.bytes_min || self.parts.iter().any(settled)
    }

    /// Whether a transaction that is open keeps records from the client.
    pub(super) fn is_held_up(&self) -> bool {
        let held_up = |part: &Part| match &part.outcome {
            Ok(Found::Records(fetched)) => fetched.extent.last_stable < fetched.extent.high_watermark,
            _ => false,
        };
        self.limits.isolation == Isolation::ReadCommitted && self.parts.iter().any(held_up)
    }

    /// Reads a partition, and again what has been read of it.
    fn read(&mut self, logs: &RawLogs, place: usize) {
        let limits = self.limits;
        let Some(part) = self.parts.get_mut(place) else { return };
        let so_far = self.bytes - part.bytes();
        let outcome = match &part.topic {
            Ok(topic) => read(logs, topic, &part.wanted, &limits, so_far).map_err(|e| e.code),
            Err(code) => Err(*code),
        };
        part.outcome = outcome;
        self.bytes = so_far + part.bytes();
    }
}

impl Part {
    pub(super) fn bytes(&self) -> usize {
        match &self.outcome {
            Ok(Found::Records(fetched)) => fetched.records.as_ref().len(),
            _ => 0,
        }
    }
}

fn read(
    logs: &RawLogs,
    topic: &RawTopic,
    wanted: &Wanted,
    limits: &Limits,
    so_far: usize,
) -> client::Result<Found> {
    let partition = wanted.name.partition;
    let believed = (wanted.leader_epoch >= 0).then_some(LeaderEpoch(wanted.leader_epoch));
    logs.leader_epoch(topic, partition, believed)?;
    if wanted.last_fetched_epoch >= 0 {
        let last = LeaderEpoch(wanted.last_fetched_epoch);
        if let Some((epoch, end)) = logs.diverging(topic, partition, last, wanted.offset)? {
            return Ok(Found::Diverging(epoch, end));
        }
    }
    let left = limits.bytes_max.saturating_sub(so_far);
    let read = Read {
        offset: wanted.offset,
        bytes_max: wanted.bytes_max.min(left),
        // The first records of an answer come whole, that a client can go on at all.
        at_least_one: so_far == 0,
        isolation: limits.isolation,
    };
    logs.read(topic, partition, &read).map(Found::Records)
}
