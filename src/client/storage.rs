//! A broker's log directory before anyone works on it: what kafka-storage is told to put into it.

use super::model::ScramMechanism;
use crate::types::{BrokerId, Uuid};
use std::path::PathBuf;

/// A log directory to be made ready.
#[derive(Clone, Debug)]
pub(crate) struct NewLogDirectory {
    pub(crate) path: PathBuf,
    pub(crate) node: BrokerId,
    pub(crate) cluster_id: String,
    pub(crate) directory_id: Uuid,
    /// The levels of features that are on, in the order in which they are to be written.
    pub(crate) levels: Vec<(String, i16)>,
    pub(crate) credentials: Vec<StoredCredential>,
    /// The first members of a quorum that can change them; where the metadata is kept.
    pub(crate) voters: Option<Vec<NewVoter>>,
}

/// A controller of a new quorum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewVoter {
    pub(crate) id: BrokerId,
    pub(crate) directory_id: Uuid,
    pub(crate) listener: String,
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// What a credential is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Secret {
    Password(Vec<u8>),
    /// A password that was ground with its salt already.
    Salted(Vec<u8>),
}

/// What is kept of a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredCredential {
    pub(crate) user: String,
    pub(crate) mechanism: ScramMechanism,
    pub(crate) salt: Vec<u8>,
    pub(crate) stored_key: Vec<u8>,
    pub(crate) server_key: Vec<u8>,
    pub(crate) iterations: i32,
}
