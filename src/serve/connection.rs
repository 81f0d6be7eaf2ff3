//! One connection: frames come in and are answered in their order. A reader and a writer half run side by side, so that a
//! request can be taken up while the answer to the one before is still being made durable.

use super::call::{Answer, Call, Hangup, Peer, Reply};
use super::context::Context;
use super::handlers::api_versions;
use super::{dispatch, versions};
use bytes::{Buf, Bytes, BytesMut};
use kafka_protocol::messages::{ApiKey, RequestHeader};
use kafka_protocol::protocol::Decodable;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

/// The largest request that is taken (`socket.request.max.bytes`).
const FRAME_BYTES_MAX: i32 = 100 * 1024 * 1024;
/// How many answers of a connection may be under way at once.
const ANSWERS_UNDER_WAY: usize = 64;

type Coming = Pin<Box<dyn Future<Output = Result<Reply, Hangup>> + Send>>;

/// Serves a connection to its end; the error says why it was given up.
pub(super) async fn serve<R, W>(reader: R, writer: W, peer: Peer, context: Arc<Context>) -> Result<(), Hangup>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let (answers, queue) = mpsc::channel(ANSWERS_UNDER_WAY);
    let reading = read(reader, Arc::new(peer), context, answers);
    let writing = write(writer, queue);
    // The reader's end closes the queue, and the writer ends when it has sent what is in it.
    let (mut reading, mut writing) = (std::pin::pin!(reading), std::pin::pin!(writing));
    tokio::select! {
        read = &mut reading => read.and(writing.await),
        written = &mut writing => written,
    }
}

async fn read<R: AsyncRead + Unpin>(
    mut reader: R,
    peer: Arc<Peer>,
    context: Arc<Context>,
    answers: mpsc::Sender<Coming>,
) -> Result<(), Hangup> {
    loop {
        let frame = tokio::select! {
            frame = read_frame(&mut reader) => frame?,
            () = context.stopping() => return Ok(()),
        };
        let Some(frame) = frame else { return Ok(()) };
        let coming: Coming = match answer(frame, &peer, &context).await? {
            Answer::Nothing => continue,
            Answer::Now(reply) => Box::pin(std::future::ready(Ok(reply))),
            Answer::Later(coming) => coming,
        };
        if answers.send(coming).await.is_err() {
            return Ok(());
        }
    }
}

async fn write<W: AsyncWrite + Unpin>(
    mut writer: W,
    mut queue: mpsc::Receiver<Coming>,
) -> Result<(), Hangup> {
    while let Some(coming) = queue.recv().await {
        for mut part in coming.await? {
            writer.write_all_buf(&mut part).await?;
        }
        writer.flush().await?;
    }
    Ok(())
}

/// The next frame without its length; `None` at the end of the stream.
async fn read_frame<R: AsyncRead + Unpin>(reader: &mut R) -> Result<Option<Bytes>, Hangup> {
    let size = match reader.read_i32().await {
        Ok(size) => size,
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(e) => return Err(e.into()),
    };
    let length =
        usize::try_from(size).ok().filter(|_| size <= FRAME_BYTES_MAX).ok_or(Hangup::Size { size })?;
    let mut frame = BytesMut::with_capacity(length);
    let mut rest = reader.take(length as u64);
    while frame.len() < length {
        if rest.read_buf(&mut frame).await? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
    }
    Ok(Some(frame.freeze()))
}

/// Has one frame answered.
async fn answer(mut frame: Bytes, peer: &Arc<Peer>, context: &Arc<Context>) -> Result<Answer, Hangup> {
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
            ApiKey::ApiVersions => Ok(Answer::Now(api_versions::unsupported(&call(None))?)),
            _ => Err(Hangup::NotServed { key: number, version }),
        };
    }
    let header = RequestHeader::decode(&mut frame, key.request_header_version(version));
    let header = header.map_err(|_| Hangup::Header)?;
    dispatch::answer(call(header.client_id), frame).await
}
