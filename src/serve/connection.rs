//! One connection: frames come in and are answered in their order. A reader and a writer half run side by side, so that a
//! request can be taken up while the answer to the one before is still being made durable.

use super::call::{Answer, Call, Hangup, Peer, Reply};
use super::context::Context;
use super::handlers::api_versions;
use super::limits::{
    Hold, PROOF_TIME, STRUCTURED_BYTES_MAX, UNPROVEN_FRAME_BYTES_MAX, UnsentPart, frame_time,
};
use super::metrics::{Metrics, Timed, timed};
use super::session::{Session, Verdict};
use super::{dispatch, faults, versions};
use bytes::{Buf, Bytes, BytesMut};
use kafka_protocol::messages::{ApiKey, RequestHeader};
use kafka_protocol::protocol::Decodable;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// How many answers of a connection may be under way at once.
const ANSWERS_UNDER_WAY: usize = 64;
/// How many bytes of answers may wait for a client to take them, beside one answer of any size.
const ANSWER_BYTES: u32 = 1024 * 1024;
/// An answer below this size is not counted.
const SMALL_ANSWER_BYTES: usize = 4096;
/// How much of a request is read before its memory grows.
const FRAME_STEP_BYTES: usize = 1024 * 1024;
/// How long answers that are under way have when the client has closed its side, or the server ends.
const DRAIN_TIME: Duration = Duration::from_secs(5);

type Coming = Pin<Box<dyn Future<Output = Result<Reply, Hangup>> + Send>>;

/// An answer on its way, with what it keeps of memory until it is sent.
struct Departure {
    answer: Coming,
    _hold: Hold,
    _room: Option<OwnedSemaphorePermit>,
    _unsent: Option<UnsentPart>,
}

/// What the two halves of a connection know of each other.
struct Flow {
    /// Answers that are not sent yet.
    under_way: AtomicUsize,
    room: Arc<Semaphore>,
}

/// Serves a connection to its end; the error says why it was given up.
pub(super) async fn serve<R, W>(
    reader: R,
    writer: W,
    session: Session,
    context: Arc<Context>,
) -> Result<(), Hangup>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let (answers, queue) = mpsc::channel(ANSWERS_UNDER_WAY);
    let flow = Flow { under_way: AtomicUsize::new(0), room: Arc::new(Semaphore::new(ANSWER_BYTES as usize)) };
    let (idle, metrics) = (context.guard.limits.idle, context.metrics.clone());
    let reading = Reading { reader, session, context, flow: &flow }.run(answers);
    let writing = write(writer, queue, &flow, idle, metrics);
    // The reader's end closes the queue, and the writer ends when it has sent what is in it.
    let (mut reading, mut writing) = (std::pin::pin!(reading), std::pin::pin!(writing));
    tokio::select! {
        read = &mut reading => {
            read?;
            // Nobody may be there any more to take what a long poll brings.
            timeout(DRAIN_TIME, writing).await.unwrap_or(Err(Hangup::Idle))
        }
        written = &mut writing => written,
    }
}

/// The half that reads.
struct Reading<'a, R> {
    reader: R,
    session: Session,
    context: Arc<Context>,
    flow: &'a Flow,
}

impl<R: AsyncRead + Unpin> Reading<'_, R> {
    async fn run(mut self, answers: mpsc::Sender<Box<Departure>>) -> Result<(), Hangup> {
        let context = Arc::clone(&self.context);
        let proof_end = Instant::now() + PROOF_TIME;
        let mut was_open = false;
        loop {
            was_open = was_open || self.session.is_open();
            let next = async {
                match was_open {
                    true => self.frame(context.guard.limits.frame_bytes_max).await,
                    false => {
                        let frame = self.frame(UNPROVEN_FRAME_BYTES_MAX);
                        timeout_at(proof_end, frame).await.unwrap_or(Err(Hangup::Idle))
                    }
                }
            };
            let next = tokio::select! {
                next = next => next?,
                () = context.stopping() => return Ok(()),
            };
            let Some((frame, hold)) = next else { return Ok(()) };
            let metrics = context.metrics.as_ref().filter(|_| !self.session.takes_bare_messages());
            let begun = Timed::begin(metrics, &frame);
            let verdict = self.verdict(frame).await;
            let (answer, is_last) = match timed(begun, verdict)? {
                Verdict::Answer(answer) => (answer, false),
                Verdict::Last(reply) => {
                    sleep(self.session.failure_delay()).await;
                    (Answer::Now(reply), true)
                }
            };
            if !self.depart(answer, hold, &answers).await || is_last {
                return Ok(());
            }
        }
    }

    async fn verdict(&mut self, frame: Bytes) -> Result<Verdict, Hangup> {
        if self.session.takes_bare_messages() {
            return self.session.bare_message(&self.context, frame).await;
        }
        match open(frame, &self.session.peer, &self.context)? {
            Opened::Unsupported(reply) => Ok(Verdict::Answer(Answer::Now(reply))),
            Opened::Request(call, body) if self.session.concerns(call.key)? => {
                self.session.answer(&call, body).await
            }
            Opened::Request(call, body) => {
                let (api, client, peer) = (call.key, call.client_id(), call.peer.address);
                tracing::trace!(?api, version = call.version, client, %peer, "request");
                let answer = match &self.context.faults {
                    None => dispatch::answer(call, body).await?,
                    Some(faults) => faults::answer(call, body, faults).await?,
                };
                Ok(Verdict::Answer(answer))
            }
        }
    }

    /// Hands an answer to the half that writes; `false` if that has ended.
    async fn depart(&self, answer: Answer, hold: Hold, answers: &mpsc::Sender<Box<Departure>>) -> bool {
        let (answer, unsent, room): (Coming, _, _) = match answer {
            Answer::Nothing => return true,
            Answer::Now(reply) => {
                let bytes: usize = reply.iter().map(Bytes::len).sum();
                let unsent = (bytes >= SMALL_ANSWER_BYTES).then(|| self.context.guard.unsent.add(bytes));
                let room = match u32::try_from(bytes).unwrap_or(ANSWER_BYTES).min(ANSWER_BYTES) {
                    _ if bytes < SMALL_ANSWER_BYTES => None,
                    bytes => Arc::clone(&self.flow.room).acquire_many_owned(bytes).await.ok(),
                };
                (Box::pin(std::future::ready(Ok(reply))), unsent, room)
            }
            Answer::Later(coming) => (coming, None, None),
        };
        self.flow.under_way.fetch_add(1, Ordering::Relaxed);
        answers.send(Box::new(Departure { answer, _hold: hold, _room: room, _unsent: unsent })).await.is_ok()
    }

    /// The next frame without its length, and what it uses of the memory for all; `None` at the end of the stream.
    async fn frame(&mut self, bytes_max: usize) -> Result<Option<(Bytes, Hold)>, Hangup> {
        let mut length = [0; 4];
        let idle = self.context.guard.limits.idle;
        let begun = loop {
            match timeout(idle, self.reader.read(&mut length)).await {
                Ok(begun) => break begun?,
                // It is the client who waits.
                Err(_) if self.flow.under_way.load(Ordering::Relaxed) > 0 => {}
                Err(_) => return Err(Hangup::Idle),
            }
        };
        if begun == 0 {
            return Ok(None);
        }
        if let Some(rest) = length.get_mut(begun..).filter(|rest| !rest.is_empty()) {
            let rest = timeout(frame_time(0), self.reader.read_exact(rest)).await;
            rest.map_err(|_| Hangup::Idle)??;
        }
        let size = i32::from_be_bytes(length);
        let length =
            usize::try_from(size).ok().filter(|bytes| *bytes <= bytes_max).ok_or(Hangup::Size { size })?;
        let body = timeout(frame_time(length), self.frame_body(length)).await;
        body.map_err(|_| Hangup::Idle)?.map(Some)
    }

    /// Memory is taken for what comes, not for what is announced.
    async fn frame_body(&mut self, length: usize) -> Result<(Bytes, Hold), Hangup> {
        let mut hold = Hold::default();
        let mut frame = BytesMut::new();
        while frame.len() < length {
            if frame.len() == frame.capacity() {
                let capacity = (frame.len() * 2).max(FRAME_STEP_BYTES).min(length);
                self.context.guard.budget.grow(&mut hold, capacity).await;
                frame.reserve(capacity - frame.len());
            }
            let mut rest = (&mut self.reader).take((length - frame.len()) as u64);
            if rest.read_buf(&mut frame).await? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
        }
        Ok((frame.freeze(), hold))
    }
}

async fn write<W: AsyncWrite + Unpin>(
    mut writer: W,
    mut queue: mpsc::Receiver<Box<Departure>>,
    flow: &Flow,
    idle: Duration,
    metrics: Option<Arc<Metrics>>,
) -> Result<(), Hangup> {
    while let Some(mut departure) = queue.recv().await {
        for mut part in departure.answer.as_mut().await? {
            metrics.iter().for_each(|metrics| metrics.send(part.len()));
            while part.has_remaining() {
                let written = timeout(idle, writer.write_buf(&mut part)).await;
                if written.map_err(|_| Hangup::Idle)?? == 0 {
                    return Err(io::Error::from(io::ErrorKind::WriteZero).into());
                }
            }
        }
        timeout(idle, writer.flush()).await.map_err(|_| Hangup::Idle)??;
        flow.under_way.fetch_sub(1, Ordering::Relaxed);
    }
    Ok(())
}

/// What a frame turns out to be.
enum Opened {
    Request(Call, Bytes),
    /// Versions of requests are asked for in a version that isn't known.
    Unsupported(Reply),
}

/// Reads the header of a frame.
fn open(mut frame: Bytes, peer: &Arc<Peer>, context: &Arc<Context>) -> Result<Opened, Hangup> {
    let mut start = frame.get(..8).ok_or(Hangup::Header)?;
    let (number, version, correlation_id) = (start.get_i16(), start.get_i16(), start.get_i32());
    let key = ApiKey::try_from(number).map_err(|()| Hangup::NotServed { key: number, version })?;
    let call = |client_id| Call {
        context: Arc::clone(context),
        peer: Arc::clone(peer),
        key,
        version,
        correlation_id,
        client_id,
    };
    if !versions::is_served(number, version) {
        return match key {
            // The header of a version that isn't known can't be read, but for what it begins with.
            ApiKey::ApiVersions => Ok(Opened::Unsupported(api_versions::unsupported(&call(None))?)),
            _ => Err(Hangup::NotServed { key: number, version }),
        };
    }
    if frame.len() > STRUCTURED_BYTES_MAX && key != ApiKey::Produce {
        return Err(Hangup::Size { size: i32::try_from(frame.len()).unwrap_or(i32::MAX) });
    }
    let header = RequestHeader::decode(&mut frame, key.request_header_version(version));
    let header = header.map_err(|_| Hangup::Header)?;
    Ok(Opened::Request(call(header.client_id), frame))
}
