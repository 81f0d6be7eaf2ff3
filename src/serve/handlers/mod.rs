//! One file a request: from the message to the engine and back.

pub(super) mod api_versions;
pub(super) mod metadata;
