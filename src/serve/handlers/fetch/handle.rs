//! A Fetch from its body to its answer: read, wait if need be, read again.

use super::answer::{is_news, refused, response, told};
use super::gather::{Gathering, Limits, Part};
use super::sessions::{Mode, Told};
use super::wanted::{self, TOPIC_IDS_FROM, Wanted};
use crate::local::Isolation;
use crate::serve::call::{Answer, Call, Hangup, Reply};
use crate::types::Uuid;
use bytes::Bytes;
use kafka_protocol::messages::fetch_request::FetchRequest;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// `fetch.max.bytes` of a broker.
const BYTES_MOST: usize = 55 * 1024 * 1024;

pub(in crate::serve) async fn handle(call: Call, mut body: Bytes) -> Result<Answer, Hangup> {
    let request: FetchRequest = call.decode(&mut body)?;
    let by_id = call.version >= TOPIC_IDS_FROM;
    let partitions = wanted::of_request(&request);
    let session = if call.version >= 7 { (request.session_id, request.session_epoch) } else { (0, -1) };
    let sessions = &call.context.fetch_sessions;
    let begun = sessions.begin(session, by_id, partitions, wanted::forgotten(&request), Instant::now());
    let (mode, partitions) = match begun {
        Ok(begun) => begun,
        Err(code) => return Ok(Answer::Now(call.encode(&refused(code))?)),
    };
    let limits = limits(&call, &request);
    // Whether the client is still there is not known while it waits: no longer than one that says nothing.
    let wait = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0));
    let wait = wait.min(call.context.guard.limits.idle);
    let (partitions, before): (Vec<Wanted>, Vec<Option<Told>>) = partitions.into_iter().unzip();
    let gathered = gather(&call, partitions, by_id, limits, wait).await?;
    let reply = answer(&call, mode, by_id, gathered.parts, &before, limits.isolation)?;
    Ok(Answer::Now(reply))
}

fn limits(call: &Call, request: &FetchRequest) -> Limits {
    let bytes_max = usize::try_from(request.max_bytes).unwrap_or(0).min(BYTES_MOST);
    let bytes_max = bytes_max.min(call.context.guard.unsent.allowance());
    Limits {
        bytes_min: usize::try_from(request.min_bytes).unwrap_or(0).min(bytes_max),
        bytes_max,
        isolation: if request.isolation_level == 1 {
            Isolation::ReadCommitted
        } else {
            Isolation::ReadUncommitted
        },
    }
}

/// Reads until there is enough, or the time is over.
async fn gather(
    call: &Call,
    wanted: Vec<Wanted>,
    by_id: bool,
    limits: Limits,
    wait: Duration,
) -> Result<Gathering, Hangup> {
    let deadline = tokio::time::Instant::now() + wait;
    let mut gathered = call
        .blocking(move |call| Gathering::begin(&call.context.logs, &call.access(), wanted, by_id, limits))
        .await?;
    if gathered.is_held_up() {
        call.context.transactions.somebody_waits();
    }
    if gathered.is_enough() || wait.is_zero() {
        return Ok(gathered);
    }
    gathered = call
        .blocking(move |call| {
            gathered.listen(&call.context.logs);
            gathered
        })
        .await?;
    let rung = gathered.rung();
    while !gathered.is_enough() {
        tokio::select! {
            () = rung.notify.notified() => {}
            () = tokio::time::sleep_until(deadline) => break,
            () = call.context.stopping() => break,
        }
        gathered = call
            .blocking(move |call| {
                gathered.look_again(&call.context.logs);
                gathered
            })
            .await?;
    }
    Ok(gathered)
}

fn answer(
    call: &Call,
    mode: Mode,
    by_id: bool,
    mut parts: Vec<Part>,
    before: &[Option<Told>],
    isolation: Isolation,
) -> Result<Reply, Hangup> {
    let session_id = match mode {
        Mode::Full => 0,
        Mode::New => {
            let kept = parts.iter().map(|part| (part.wanted.clone(), told(part))).collect();
            call.context.fetch_sessions.open(by_id, kept, random_id, Instant::now())
        }
        Mode::Incremental(session) => {
            let mut known = before.iter();
            parts.retain(|part| is_news(part, known.next().copied().flatten()));
            let noted: Vec<_> =
                parts.iter().map(|part| (part.wanted.name.clone(), told(part), part.bytes() > 0)).collect();
            session.note(&noted);
            session.id
        }
    };
    let (response, pieces) = response(parts, isolation);
    // Small ones are copied: one part is sent faster than several.
    let pieces: VecDeque<Bytes> =
        pieces.into_iter().filter(|piece| piece.len() >= WORTH_A_PART_BYTES).collect();
    call.encode_with(&response.with_session_id(session_id), pieces)
}

/// Records of at least this size are sent from where they lie.
const WORTH_A_PART_BYTES: usize = 16 * 1024;

fn random_id() -> i32 {
    let [a, b, c, d, ..] = Uuid::random().0;
    i32::from_be_bytes([a & 0x7f, b, c, d])
}
