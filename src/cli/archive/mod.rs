//! Topics in plain files, in one of two forms: a line of JSON for each record, or frames with record batches as they are
//! stored. Text and bytes only: who reads and writes files, and what becomes of the records, is the commands' business.
//!
//! **JSON lines** are for `jq`, `grep` and editors, and are written by hand. A record is `{"topic":"t","partition":0,"offset":7,
//! "timestamp":1700000000000,"timestampType":"CreateTime","key":"k","value":"v","headers":[{"key":"h","value":"x"}]}`. Null is
//! `null`, empty is `""`; bytes that are no UTF-8 stand under another name, `keyBase64`, `valueBase64`, in a header `base64` (as
//! in `KT_RECORD_HEADERS`) and `keyBase64`, so that every record comes back to the byte. All lines are records unless topic
//! lines were asked for: what reads them (`jq -r .value`) need not know of anything else. Field names are those of `rpk topic
//! consume`; what `kcat -J` prints is read as well (`payload`, `ts`, `tstype`, headers as a flat list).
//!
//! **The binary form** is for keeping and moving: batches stay compressed as they are, each frame has a checksum that covers
//! the ones before it, and an end frame tells a whole file from a torn one. See `binary.rs`.
//!
//! Compression of the whole is left to the pipe: `kt export … | zstd`.

mod binary;
mod json_read;
mod json_write;
mod topic;

pub(crate) use binary::{Frame, FrameReader, FrameWriter, MAGIC, Stored};
pub(crate) use json_read::{JsonLine, JsonRecord, largest_partition, read_line};
pub(crate) use json_write::{write_record, write_topic};
pub(crate) use topic::{ArchivedRange, ArchivedTopic};
