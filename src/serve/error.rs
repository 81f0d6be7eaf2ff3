//! What can keep a server from starting.

use std::io;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("can't listen on {address}: {source}")]
    Listen { address: String, source: io::Error },
    #[error("can't start the server's threads: {source}")]
    Runtime { source: io::Error },
    #[error("can't wait for signals: {source}")]
    Signals { source: io::Error },
    #[error("'{text}' is not an address to listen on: it is HOST:PORT")]
    Address { text: String },
    #[error(transparent)]
    Security(#[from] super::security::Error),
    #[error(transparent)]
    Cluster(#[from] crate::client::Error),
}
