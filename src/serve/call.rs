//! `Call`: a request as its handler sees it, and the way back.

use super::context::Context;
use super::parts::Parts;
use super::security::Principal;
use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::{ApiKey, ResponseHeader};
use kafka_protocol::protocol::buf::ByteBufMut;
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, StrBytes};
use std::collections::VecDeque;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

/// Who sits at the other end of a connection.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    /// Under which host and port this server is known to the peer.
    pub(super) advertised: (String, u16),
    pub(super) principal: Principal,
}

impl Peer {
    /// The same peer, who has proven to be somebody.
    pub(super) fn as_principal(&self, principal: Principal) -> Peer {
        Peer { address: self.address, advertised: self.advertised.clone(), principal }
    }

    /// As Kafka shows where a client sits: `/127.0.0.1`.
    pub(super) fn host(&self) -> String {
        format!("/{}", self.address.ip().to_canonical())
    }
}

/// A request without its body. Clones are cheap.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) context: Arc<Context>,
    pub(super) peer: Arc<Peer>,
    pub(super) key: ApiKey,
    pub(super) version: i16,
    pub(super) correlation_id: i32,
    pub(super) client_id: Option<StrBytes>,
}

/// The bytes of an answer, its length in front; written one part after another.
pub(super) type Reply = Vec<Bytes>;

/// What becomes of a request.
pub(super) enum Answer {
    Now(Reply),
    /// The next request may be taken before this answer is ready; answers go out in the order of the requests.
    Later(Pin<Box<dyn Future<Output = Result<Reply, Hangup>> + Send>>),
    /// The client asked for none.
    Nothing,
}

/// Why a connection is given up.
#[derive(Debug, thiserror::Error)]
pub(super) enum Hangup {
    #[error("{key:?} v{version} can't be read: {why}")]
    Malformed { key: ApiKey, version: i16, why: String },
    #[error("{key:?} v{version} can't be answered: {why}")]
    Unanswerable { key: ApiKey, version: i16, why: String },
    #[error("request {key} v{version} is not served")]
    NotServed { key: i16, version: i16 },
    #[error("a request of {size} bytes")]
    Size { size: i32 },
    #[error("{key:?} before the client has proven who it is")]
    Unproven { key: ApiKey },
    #[error("nothing came, or was taken, for too long")]
    Idle,
    #[error("the request's header can't be read")]
    Header,
    #[error("the handler of {key:?} v{version} failed")]
    Failed { key: ApiKey, version: i16 },
    /// A producer that wants no answers learns in this way that it should look again where to send its batches.
    #[error("a batch that is not to be acknowledged can't be stored")]
    Unacknowledged,
    #[error("a test has asked for it")]
    Injected,
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl Call {
    pub(super) fn client_id(&self) -> &str {
        self.client_id.as_ref().map_or("", |id| id.as_str())
    }

    /// Reads the body of the request.
    pub(super) fn decode<Q: Decodable>(&self, body: &mut Bytes) -> Result<Q, Hangup> {
        self.decode_as(body, self.version)
    }

    /// The same of a body that is as in another version than the request's. What follows it is let be, as Kafka does: librdkafka
    /// sends three bytes too many when it asks for the metadata of all topics.
    pub(super) fn decode_as<Q: Decodable>(&self, body: &mut Bytes, version: i16) -> Result<Q, Hangup> {
        Q::decode(body, version).map_err(|e| self.malformed(&e))
    }

    /// Why a body can't be read that is not read by `decode`.
    pub(super) fn malformed(&self, why: &dyn ToString) -> Hangup {
        Hangup::Malformed { key: self.key, version: self.version, why: why.to_string() }
    }

    /// Why an answer can't be written that is not written by `encode`.
    pub(super) fn unanswerable(&self, why: &dyn ToString) -> Hangup {
        Hangup::Unanswerable { key: self.key, version: self.version, why: why.to_string() }
    }

    /// An answer whose body was written otherwise, of a flexible version.
    pub(super) fn frame(&self, body: &[u8]) -> Result<Reply, Hangup> {
        // The correlation id and no tags.
        let length = i32::try_from(4 + 1 + body.len()).map_err(|e| self.unanswerable(&e))?;
        let head = [&length.to_be_bytes()[..], &self.correlation_id.to_be_bytes(), &[0]].concat();
        Ok(vec![Bytes::from([&head[..], body].concat())])
    }

    /// An answer as bytes, ready to be sent.
    pub(super) fn encode<R: Encodable + HeaderVersion>(&self, response: &R) -> Result<Reply, Hangup> {
        self.encode_as(response, self.version)
    }

    /// The same in another version than the request's.
    pub(super) fn encode_as<R: Encodable + HeaderVersion>(
        &self,
        response: &R,
        version: i16,
    ) -> Result<Reply, Hangup> {
        let frame = self.framed(response, version, |size| BytesMut::with_capacity(4 + size))?;
        Ok(vec![frame.freeze()])
    }

    /// As `encode`, with pieces that needn't be copied, in the order in which they stand in the response.
    pub(super) fn encode_with<R: Encodable + HeaderVersion>(
        &self,
        response: &R,
        pieces: VecDeque<Bytes>,
    ) -> Result<Reply, Hangup> {
        Ok(self.framed(response, self.version, |_| Parts::new(pieces))?.finish())
    }

    /// Writes an answer with its header, and their length in front, into what `room` makes for that length.
    fn framed<R: Encodable + HeaderVersion, B: ByteBufMut>(
        &self,
        response: &R,
        version: i16,
        room: impl FnOnce(usize) -> B,
    ) -> Result<B, Hangup> {
        let unanswerable =
            |e: &dyn ToString| Hangup::Unanswerable { key: self.key, version, why: e.to_string() };
        let header = ResponseHeader::default().with_correlation_id(self.correlation_id);
        let header_version = R::header_version(version);
        let size = header.compute_size(header_version).map_err(|e| unanswerable(&e))?
            + response.compute_size(version).map_err(|e| unanswerable(&e))?;
        let length = i32::try_from(size).map_err(|e| unanswerable(&e))?;
        let mut frame = room(size);
        frame.put_i32(length);
        header.encode(&mut frame, header_version).map_err(|e| unanswerable(&e))?;
        response.encode(&mut frame, version).map_err(|e| unanswerable(&e))?;
        Ok(frame)
    }

    /// That nobody knows what has become of the request.
    pub(super) fn failed(&self) -> Hangup {
        Hangup::Failed { key: self.key, version: self.version }
    }

    /// Runs what may block on a thread where it may.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Call) -> T + Send + 'static,
    ) -> Result<T, Hangup> {
        let call = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&call)).await;
        done.map_err(|_| self.failed())
    }
}
