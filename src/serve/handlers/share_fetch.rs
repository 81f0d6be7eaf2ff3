//! ShareFetch: records for a member of a share group, and what became of those that it has. Waits while there are none.

use crate::client;
use crate::local::{
    ShareAnswer, ShareFetched, ShareGiven, ShareRequest, ShareRequestPart, ShareSession, ShareWanted,
};
use crate::serve::call::{Answer, Call, Hangup};
use crate::serve::context::Context;
use crate::serve::{newer, wire};
use crate::types::{ErrorCode, Offset, PartitionId, Uuid};
use bytes::Bytes;
use kafka_protocol::messages::ShareFetchRequest;
use kafka_protocol::messages::share_fetch_request::FetchTopic;
use kafka_protocol::messages::share_fetch_response::{
    AcquiredRecords, PartitionData, ShareFetchResponse, ShareFetchableTopicResponse,
};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The version of what the protocol crate reads and writes; 2 says more in its request.
const KNOWN: i16 = 1;
/// More than this is not read at a time, whatever a client asks for.
const BYTES_MAX: i32 = 50 * 1024 * 1024;
/// A death is noticed by looking, so often.
const LOOK: Duration = Duration::from_secs(1);
/// A member that asks for it in these words gets no more records than it wants.
const RECORD_LIMIT: i8 = 1;

/// What a member is answered.
struct Outcome {
    answers: Vec<ShareAnswer>,
    fetched: ShareFetched,
}

pub(in crate::serve) async fn answer(call: Call, body: Bytes) -> Result<Answer, Hangup> {
    let (mut body, mode, renews) = match call.version {
        KNOWN => (body, 0, false),
        _ => newer::share_fetch(&body).map_err(|e| call.malformed(&e))?,
    };
    let message: ShareFetchRequest = call.decode_as(&mut body, KNOWN)?;
    let request = Arc::new(read(&call, &message, renews));
    let wanted = ShareWanted {
        bytes_max: usize::try_from(message.max_bytes.clamp(0, BYTES_MAX)).unwrap_or(0),
        records_max: i64::from(message.max_records.max(0)),
        whole_batches: mode != RECORD_LIMIT,
    };
    let wait = Duration::from_millis(u64::try_from(message.max_wait_ms).unwrap_or(0));
    // As with Fetch.
    let wait = wait.min(call.context.guard.limits.idle);
    let response = match fetch(&call, request, wanted, wait).await? {
        Ok(outcome) => response(outcome),
        Err(error) => ShareFetchResponse::default()
            .with_error_code(error.code.code())
            .with_error_message(Some(wire::text(error.message))),
    };
    Ok(Answer::Now(call.encode_as(&response, KNOWN)?))
}

fn read(call: &Call, message: &ShareFetchRequest, renews: bool) -> ShareRequest {
    let forgotten = message.forgotten_topics_data.iter().flat_map(|topic| {
        let id = wire::own_uuid(topic.topic_id);
        topic.partitions.iter().map(move |&partition| (id, PartitionId(partition)))
    });
    ShareRequest {
        group: message.group_id.as_ref().map(|id| id.as_str().to_owned()).unwrap_or_default(),
        member_id: message.member_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        epoch: message.share_session_epoch,
        client: Some(call.peer.address),
        parts: message.topics.iter().flat_map(parts).collect(),
        forgotten: forgotten.collect(),
        renews,
    }
}

fn parts(topic: &FetchTopic) -> Vec<ShareRequestPart> {
    let part = |partition: &kafka_protocol::messages::share_fetch_request::FetchPartition| {
        let words = partition.acknowledgement_batches.iter().map(|batch| {
            let (first, last) = (Offset::new(batch.first_offset), Offset::new(batch.last_offset));
            (first, last, batch.acknowledge_types.clone())
        });
        ShareRequestPart {
            topic_id: wire::own_uuid(topic.topic_id),
            partition: PartitionId(partition.partition_index),
            words: words.collect(),
        }
    };
    topic.partitions.iter().map(part).collect()
}

/// Does what a request wants of its session: first what it says, then what it asks for.
async fn fetch(
    call: &Call,
    request: Arc<ShareRequest>,
    wanted: ShareWanted,
    wait: Duration,
) -> Result<client::Result<Outcome>, Hangup> {
    let until = Instant::now() + wait;
    let theirs = Arc::clone(&request);
    let begun = call.blocking(move |call| begin(call, &theirs)).await?;
    let (session, answers) = match begun {
        Ok(begun) => begun,
        Err(error) => return Ok(Err(error)),
    };
    let failed = answers.iter().any(|(_, _, answer)| answer.is_err());
    let ends = request.epoch == -1;
    if ends || request.renews || wanted.records_max == 0 {
        return Ok(Ok(Outcome { answers, fetched: ShareFetched::default() }));
    }
    let until = if failed { Instant::now() } else { until };
    let fetched = wait_for_records(call, &session, wanted, until).await?;
    Ok(fetched.map(|fetched| Outcome { answers, fetched }))
}

fn begin(call: &Call, request: &ShareRequest) -> client::Result<(Arc<ShareSession>, Vec<ShareAnswer>)> {
    let topics = request.parts.iter().map(|part| part.topic_id);
    call.access().readers(call, &request.group, topics)?;
    let shares = &call.context.shares;
    let session = shares.fetching(request).map_err(client::Error::of)?;
    let answers = shares.acknowledge(&session, &request.parts, request.renews)?;
    if request.epoch == -1 {
        shares.end_session(&session)?;
    }
    Ok((session, answers))
}

async fn wait_for_records(
    call: &Call,
    session: &Arc<ShareSession>,
    wanted: ShareWanted,
    until: Instant,
) -> Result<client::Result<ShareFetched>, Hangup> {
    let changed = Arc::new(Notify::new());
    let mut watch = None;
    loop {
        let theirs = Arc::clone(session);
        let fetched = call.blocking(move |call| call.context.shares.fetch(&theirs, &wanted)).await?;
        let fetched = match fetched {
            Ok(fetched) if fetched.look_again && fetched.given.is_empty() => continue,
            Ok(fetched) => fetched,
            Err(error) => return Ok(Err(error)),
        };
        let now = Instant::now();
        if !fetched.given.is_empty() || !fetched.refused.is_empty() || now >= until {
            return Ok(Ok(fetched));
        }
        if watch.is_none() {
            // What has changed before this is seen by one more look.
            let theirs = Arc::clone(&changed);
            watch = Some(call.context.cluster.watcher().watch(move || theirs.notify_one()));
            continue;
        }
        let due = fetched.due.unwrap_or(LOOK).min(LOOK);
        let sleep = tokio::time::sleep_until(until.min(now + due));
        tokio::pin!(sleep);
        loop {
            tokio::select! {
                () = &mut sleep => break,
                () = call.context.stopping() => return Ok(Ok(fetched)),
                () = changed.notified() => {}
            }
            let theirs = Arc::clone(session);
            if call.blocking(move |call| call.context.shares.has_news(&theirs)).await? {
                break;
            }
        }
    }
}

/// A client has hung up: what it still has goes to others.
pub(in crate::serve) async fn hang_up(context: Arc<Context>, client: SocketAddr) {
    let sessions = context.shares.sessions_of(client);
    if sessions.is_empty() {
        return;
    }
    // What can't be given back now others get when its lock ends.
    let given_back = tokio::task::spawn_blocking(move || {
        for session in sessions {
            let _ = context.shares.end_session(&session);
        }
    });
    let _ = given_back.await;
}

fn response(outcome: Outcome) -> ShareFetchResponse {
    let Outcome { answers, fetched } = outcome;
    let mut parts: Vec<(Uuid, PartitionData)> = Vec::new();
    for given in fetched.given {
        parts.push((given.topic_id, data(given)));
    }
    for (topic_id, partition, refused) in fetched.refused {
        let code = refused.map_or_else(ErrorCode::code, |()| 0);
        parts.push((topic_id, empty(partition).with_error_code(code)));
    }
    let mut places: HashMap<(Uuid, i32), usize> = HashMap::with_capacity(parts.len());
    for (place, (topic_id, data)) in parts.iter().enumerate() {
        places.entry((*topic_id, data.partition_index)).or_insert(place);
    }
    for (topic_id, partition, answer) in answers {
        let code = answer.map_or_else(ErrorCode::code, |()| 0);
        let known = places.get(&(topic_id, partition.0)).and_then(|&place| parts.get_mut(place));
        match known {
            Some((_, data)) => data.acknowledge_error_code = code,
            None => {
                places.insert((topic_id, partition.0), parts.len());
                parts.push((topic_id, empty(partition).with_acknowledge_error_code(code)));
            }
        }
    }
    let mut topics: Vec<ShareFetchableTopicResponse> = Vec::new();
    let mut places: HashMap<Uuid, usize> = HashMap::new();
    for (topic_id, data) in parts {
        let place = *places.entry(topic_id).or_insert(topics.len());
        match topics.get_mut(place) {
            Some(topic) => topic.partitions.push(data),
            None => {
                let topic = ShareFetchableTopicResponse::default().with_topic_id(wire::uuid(topic_id));
                topics.push(topic.with_partitions(vec![data]));
            }
        }
    }
    let lock_ms = i32::try_from(fetched.lock.as_millis()).unwrap_or(i32::MAX);
    ShareFetchResponse::default().with_acquisition_lock_timeout_ms(lock_ms).with_responses(topics)
}

fn empty(partition: PartitionId) -> PartitionData {
    PartitionData::default().with_partition_index(partition.0).with_records(Some(Bytes::new()))
}

fn data(given: ShareGiven) -> PartitionData {
    let acquired = given.acquired.iter().map(|&(first, last, count)| {
        AcquiredRecords::default()
            .with_first_offset(first.get())
            .with_last_offset(last.get())
            .with_delivery_count(count)
    });
    PartitionData::default()
        .with_partition_index(given.partition.0)
        .with_records(Some(Bytes::from(given.records)))
        .with_acquired_records(acquired.collect())
}
