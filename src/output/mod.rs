//! How things are printed, not what: a buffered standard output, tables, Kafka's columns, JSON, CSV, progress, and the escaping of
//! text that a terminal could take for commands. Knows no tool.

mod columns;
mod csv;
mod far_end;
mod file;
mod format;
mod java_hash;
mod json;
mod pipe;
mod progress;
mod sanitize;
mod stdout;
mod table;

pub(crate) use columns::{Column, columns};
pub(crate) use csv::csv_line;
pub(crate) use file::{OutputFile, has_content};
pub(crate) use format::Format;
pub(crate) use java_hash::{Made, in_hash_map_order};
pub(crate) use json::json_pretty;
pub(crate) use pipe::widen_pipe;
pub(crate) use progress::Progress;
pub(crate) use sanitize::{sanitize, sanitize_bytes};
pub(crate) use stdout::Stdout;
pub(crate) use table::{Align, table};
