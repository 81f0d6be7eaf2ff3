//! The SASL mechanisms, each a question of what the client's next message proves. Looks credentials up in the directory, which may
//! block for a moment.

use super::error::{Error, Refusal};
use super::plain::PlainUsers;
use super::scram::{ClientFirst, ScramExchange};
use crate::client::ScramMechanism;
use crate::local::{Cluster, StoredCredential};
use crate::types::Uuid;
use std::fmt;
use std::sync::Arc;

/// A way to prove who one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mechanism {
    Plain,
    Scram(ScramMechanism),
}

impl Mechanism {
    /// In the order in which Kafka lists them.
    pub(crate) const ALL: [Mechanism; 3] = [
        Mechanism::Plain,
        Mechanism::Scram(ScramMechanism::Sha512),
        Mechanism::Scram(ScramMechanism::Sha256),
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Mechanism::Plain => "PLAIN",
            Mechanism::Scram(mechanism) => mechanism.name(),
        }
    }

    pub(crate) fn named(name: &str) -> Result<Mechanism, Error> {
        let known = Mechanism::ALL.into_iter().find(|mechanism| mechanism.name() == name);
        known.ok_or_else(|| Error::Mechanism(name.to_owned()))
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a listener lets clients prove who they are with.
pub(crate) struct Credentials {
    pub(super) users: PlainUsers,
    /// What credentials of users that there aren't are made of; another in each server.
    secret: [u8; 16],
}

impl Credentials {
    pub(super) fn new(users: PlainUsers) -> Credentials {
        Credentials { users, secret: Uuid::random().0 }
    }
}

/// One authentication between two of the client's messages.
pub(crate) struct Proof {
    mechanism: Mechanism,
    credentials: Arc<Credentials>,
    exchange: Option<ScramExchange>,
}

/// What a message of the client's brought.
pub(crate) enum Step {
    /// The client is told this and is to go on.
    More(Proof, Vec<u8>),
    /// It has proven to be this user, and is told the rest.
    Done { user: String, message: Vec<u8> },
}

impl Proof {
    pub(crate) fn new(mechanism: Mechanism, credentials: Arc<Credentials>) -> Proof {
        Proof { mechanism, credentials, exchange: None }
    }

    pub(crate) fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// Takes the client's next message. The outer error is the directory's.
    pub(crate) fn step(
        mut self,
        token: &[u8],
        cluster: &Cluster,
    ) -> crate::client::Result<Result<Step, Refusal>> {
        let mechanism = match self.mechanism {
            Mechanism::Plain => {
                let checked = self.credentials.users.check(token);
                return Ok(checked.map(|user| Step::Done { user, message: Vec::new() }));
            }
            Mechanism::Scram(mechanism) => mechanism,
        };
        if let Some(exchange) = self.exchange.take() {
            return Ok(exchange.finish(token).map(|(user, message)| Step::Done { user, message }));
        }
        let first = match ClientFirst::parse(token) {
            Ok(first) => first,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let made_up = StoredCredential::made_up(mechanism, &first.user, &self.credentials.secret);
        let credential = cluster.scram_credential(&first.user, mechanism)?.unwrap_or(made_up);
        let nonce = format!("{}{}", Uuid::random(), Uuid::random());
        let (exchange, challenge) = ScramExchange::begin(&first, credential, &nonce);
        self.exchange = Some(exchange);
        Ok(Ok(Step::More(self, challenge)))
    }

    /// What a client is told that is not let in: what is wrong with a message of PLAIN, and of others only that it is.
    pub(crate) fn refusal_text(mechanism: Mechanism, refusal: &Refusal, is_again: bool) -> String {
        match mechanism {
            Mechanism::Plain => refusal.to_string(),
            Mechanism::Scram(mechanism) => {
                let what = if is_again { "re-authentication" } else { "authentication" };
                format!(
                    "Authentication failed during {what} due to invalid credentials with SASL mechanism {}",
                    mechanism.name()
                )
            }
        }
    }
}
