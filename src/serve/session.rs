//! `Session`: how far a connection has got with saying who is at its other end. Until it has, it may ask for the versions of
//! requests and prove itself, nothing else. Source: KIP-43, KIP-152 (proofs in requests), KIP-368 (proofs that have to be renewed).

use super::call::{Answer, Call, Hangup, Peer, Reply};
use super::context::Context;
use super::security::{Gate, Mechanism, Principal, Proof, Refusal, Sasl, Step};
use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::{
    ApiKey, SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest, SaslHandshakeResponse,
};
use kafka_protocol::protocol::StrBytes;
use std::sync::Arc;
use std::time::{Duration, Instant};

const NONE: i16 = 0;
const UNSUPPORTED_SASL_MECHANISM: i16 = 33;
const ILLEGAL_SASL_STATE: i16 = 34;
const SASL_AUTHENTICATION_FAILED: i16 = 58;

/// One connection's.
pub(super) struct Session {
    pub(super) peer: Arc<Peer>,
    gate: Arc<Gate>,
    state: State,
    /// What the peer has proven itself with, and until when that lasts.
    proven: Option<(Mechanism, Option<Instant>)>,
}

enum State {
    /// Requests are answered.
    Open,
    /// A mechanism is to be chosen.
    Closed,
    /// A mechanism was chosen.
    Proving(Proof, Framing),
}

/// How the messages of a mechanism come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// After a handshake of version 0: a length, and nothing else.
    Bare,
    Requests,
}

/// What becomes of a frame.
pub(super) enum Verdict {
    Answer(Answer),
    /// The last answer; after it the connection is closed.
    Last(Reply),
}

impl Session {
    /// Begins with whom TLS has found at the other end.
    pub(super) fn new(peer: Peer, gate: Arc<Gate>) -> Session {
        let state = if gate.sasl.is_some() { State::Closed } else { State::Open };
        Session { peer: Arc::new(peer), gate, state, proven: None }
    }

    /// Whether requests are answered.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// Whether a frame is a message of a mechanism, without a request's header.
    pub(super) fn takes_bare_messages(&self) -> bool {
        matches!(self.state, State::Proving(_, Framing::Bare))
    }

    /// Whether a request is for the session to answer rather than for a handler.
    pub(super) fn concerns(&self, key: ApiKey) -> Result<bool, Hangup> {
        if matches!(key, ApiKey::SaslHandshake | ApiKey::SaslAuthenticate) {
            return Ok(true);
        }
        match (&self.state, key) {
            (State::Closed, ApiKey::ApiVersions) => Ok(false),
            (State::Open, _) if !self.is_over() => Ok(false),
            _ => Err(Hangup::Unproven { key }),
        }
    }

    fn is_over(&self) -> bool {
        matches!(self.proven, Some((_, Some(end))) if end <= Instant::now())
    }

    pub(super) async fn answer(&mut self, call: &Call, mut body: Bytes) -> Result<Verdict, Hangup> {
        match call.key {
            ApiKey::SaslHandshake => self.handshake(call, &call.decode(&mut body)?),
            _ => {
                let request: SaslAuthenticateRequest = call.decode(&mut body)?;
                self.authenticate(call, request.auth_bytes).await
            }
        }
    }

    fn handshake(&mut self, call: &Call, request: &SaslHandshakeRequest) -> Result<Verdict, Hangup> {
        let respond = |code: i16, mechanisms: &[Mechanism]| {
            let mechanisms = mechanisms.iter().map(|m| StrBytes::from_static_str(m.name())).collect();
            let response = SaslHandshakeResponse::default().with_error_code(code).with_mechanisms(mechanisms);
            call.encode(&response)
        };
        let sasl = match (&self.gate.sasl, &self.state) {
            (Some(sasl), State::Closed) => sasl,
            // To prove oneself again is asked of those only whose proof doesn't last.
            (Some(sasl), State::Open) if sasl.session.is_some() && call.version > 0 => sasl,
            (_, State::Open) => {
                return Ok(Verdict::Answer(Answer::Now(respond(ILLEGAL_SASL_STATE, &[])?)));
            }
            _ => return Ok(Verdict::Last(respond(ILLEGAL_SASL_STATE, &[])?)),
        };
        let named = sasl.mechanisms.iter().find(|mechanism| mechanism.name() == request.mechanism.as_str());
        let before = self.proven.map(|(mechanism, _)| mechanism);
        match named {
            Some(mechanism) if before.is_none_or(|before| before == *mechanism) => {
                let framing = if call.version == 0 { Framing::Bare } else { Framing::Requests };
                let reply = respond(NONE, &sasl.mechanisms)?;
                self.state = State::Proving(Proof::new(*mechanism, Arc::clone(&sasl.credentials)), framing);
                Ok(Verdict::Answer(Answer::Now(reply)))
            }
            _ => Ok(Verdict::Last(respond(UNSUPPORTED_SASL_MECHANISM, &sasl.mechanisms)?)),
        }
    }

    async fn authenticate(&mut self, call: &Call, token: Bytes) -> Result<Verdict, Hangup> {
        if self.is_open() {
            let text = "SaslAuthenticate request received after successful authentication";
            let response = SaslAuthenticateResponse::default()
                .with_error_code(ILLEGAL_SASL_STATE)
                .with_error_message(Some(StrBytes::from_static_str(text)));
            return Ok(Verdict::Answer(Answer::Now(call.encode(&response)?)));
        }
        match self.step(Arc::clone(&call.context), token).await? {
            Ok((message, lifetime)) => {
                let response = SaslAuthenticateResponse::default()
                    .with_auth_bytes(message.into())
                    .with_session_lifetime_ms(lifetime);
                Ok(Verdict::Answer(Answer::Now(call.encode(&response)?)))
            }
            Err(why) => {
                let response = SaslAuthenticateResponse::default()
                    .with_error_code(SASL_AUTHENTICATION_FAILED)
                    .with_error_message(Some(StrBytes::from_string(why)));
                Ok(Verdict::Last(call.encode(&response)?))
            }
        }
    }

    /// Takes a message that came without a request around it; the answer has none either.
    pub(super) async fn bare_message(
        &mut self,
        context: &Arc<Context>,
        token: Bytes,
    ) -> Result<Verdict, Hangup> {
        match self.step(Arc::clone(context), token).await? {
            Ok((message, _)) => {
                let mut frame = BytesMut::with_capacity(4 + message.len());
                frame.put_i32(i32::try_from(message.len()).unwrap_or(i32::MAX));
                frame.extend_from_slice(&message);
                Ok(Verdict::Answer(Answer::Now(vec![frame.freeze()])))
            }
            // There is no way to say it.
            Err(_) => Ok(Verdict::Last(Vec::new())),
        }
    }

    /// Takes the next message of the mechanism. Returns what the client is told and for how many milliseconds its proof lasts (0: as
    /// long as the connection), or why it is not let in.
    async fn step(
        &mut self,
        context: Arc<Context>,
        token: Bytes,
    ) -> Result<Result<(Vec<u8>, i64), String>, Hangup> {
        let unproven = Hangup::Unproven { key: ApiKey::SaslAuthenticate };
        let State::Proving(proof, framing) = std::mem::replace(&mut self.state, State::Closed) else {
            return Err(unproven);
        };
        let mechanism = proof.mechanism();
        let step = tokio::task::spawn_blocking(move || proof.step(&token, &context.cluster)).await;
        let step = match step.map_err(|_| unproven)? {
            Ok(step) => step,
            // The directory can't be read: nobody can be let in.
            Err(_) => Err(Refusal::Invalid("Authentication failed: the credentials can't be read")),
        };
        match step {
            Ok(Step::More(proof, message)) => {
                self.state = State::Proving(proof, framing);
                Ok(Ok((message, 0)))
            }
            Ok(Step::Done { user, message }) => {
                Ok(self.enter(mechanism, &user).map(|lifetime| (message, lifetime)))
            }
            Err(refusal) => Ok(Err(Proof::refusal_text(mechanism, &refusal, self.proven.is_some()))),
        }
    }

    /// Lets a user in, who must be the one who was here before.
    fn enter(&mut self, mechanism: Mechanism, user: &str) -> Result<i64, String> {
        let principal = Principal::user(user);
        if self.proven.is_some() && self.peer.principal != principal {
            return Err(format!(
                "Cannot change principals during re-authentication from {} to {principal}",
                self.peer.principal
            ));
        }
        let lasting = self.gate.sasl.as_ref().and_then(|sasl| sasl.session);
        self.proven = Some((mechanism, lasting.and_then(|lasting| Instant::now().checked_add(lasting))));
        self.peer = Arc::new(self.peer.as_principal(principal));
        self.state = State::Open;
        Ok(lasting.map_or(0, |lasting| i64::try_from(lasting.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long who is not let in waits for the answer, so that guessing takes time.
    pub(super) fn failure_delay(&self) -> Duration {
        self.gate.sasl.as_ref().map_or(Duration::ZERO, |sasl: &Sasl| sasl.failure_delay)
    }
}
