//! `ArchivedTopic`: what a file tells of a topic beside its records, as JSON in both forms.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A topic in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ArchivedTopic {
    pub(crate) topic: String,
    pub(crate) partitions: i32,
    /// What the topic sets for itself.
    #[serde(default)]
    pub(crate) configs: BTreeMap<String, String>,
    /// What is exported of it; only in the binary form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) ranges: Vec<ArchivedRange>,
}

/// A part of a partition, planned when the export began: one that goes on after an interruption keeps to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ArchivedRange {
    pub(crate) partition: i32,
    pub(crate) from: i64,
    /// Exclusive.
    pub(crate) until: i64,
}
