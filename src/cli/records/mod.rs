//! The records of Kafka's internal topics as JSON, for those tools that show them. Driven by tables of what each record
//! holds, so that every record of every version can be shown, whether or not kt has a use for it.
//! Source: spec of the record schemas.

mod control;
mod coordinator;
mod coordinator_tables;
mod json;
mod metadata;
mod metadata_tables;
mod remote_log;
mod schema;

pub(crate) use control::{ControlKind, control_kind};
pub(crate) use coordinator::{Coordinator, Decoded};
pub(crate) use json::{base64, from_base64, java_text, json_text};
pub(crate) use metadata::metadata_json;
pub(crate) use remote_log::remote_log_text;
