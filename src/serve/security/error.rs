//! What is wrong with settings about security, or with what a client says to prove who it is.

/// A setting that can't be used: the server doesn't start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error(
        "'{0}' is no listener: [NAME://]HOST:PORT, with a name of PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"
    )]
    Listener(String),
    #[error("no protocol is known for the listener '{0}': say it with listener.security.protocol.map")]
    Protocol(String),
    #[error("'{rule}' is no rule of ssl.principal.mapping.rules: {why}")]
    Rule { rule: String, why: String },
    #[error("line {line} of the users is not NAME:PASSWORD")]
    User { line: usize },
    #[error("'{0}' is no JAAS configuration of the PlainLoginModule")]
    Jaas(String),
    #[error("'{0}' is no SASL mechanism of this server: it knows PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512")]
    Mechanism(String),
    #[error("{what}: {why}")]
    Tls { what: String, why: String },
    #[error("{key} is '{value}': {why}")]
    Setting { key: &'static str, value: String, why: &'static str },
    #[error("{0}")]
    Missing(&'static str),
}

/// Why a client is not let in. The text goes to the client, as Kafka's does; it never says whether there is such a user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// What was said is not what the mechanism speaks.
    #[error("{0}")]
    Malformed(String),
    /// The proof is wrong.
    #[error("{0}")]
    Invalid(&'static str),
}
