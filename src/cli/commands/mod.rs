//! The tools: one file a tool, a folder where it has actions. Each offers a `TOOL` for the table in `cli/tools.rs`.

pub(crate) mod broker_api_versions;
pub(crate) mod check;
pub(crate) mod cluster;
pub(crate) mod completions;
pub(crate) mod configs;
pub(crate) mod consume;
pub(crate) mod copy;
pub(crate) mod delete_records;
pub(crate) mod dump_log;
pub(crate) mod export;
pub(crate) mod features;
pub(crate) mod get_offsets;
pub(crate) mod groups;
pub(crate) mod import;
pub(crate) mod log_dirs;
pub(crate) mod maintain;
pub(crate) mod man;
pub(crate) mod metadata_quorum;
pub(crate) mod perf;
pub(crate) mod produce;
pub(crate) mod share_consume;
pub(crate) mod share_groups;
pub(crate) mod storage;
pub(crate) mod topics;
pub(crate) mod transactions;
pub(crate) mod verifiable;
