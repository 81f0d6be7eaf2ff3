//! kt: Kafka without the server. Kafka's own commands over a plain directory.
//!
//! This library exists for the `kt` binary and its benchmarks; it promises no API.
//! Modules depend downward only: `cli` on `client` and `output`; `local` on the engine (`log`, `group`,
//! `metadata`, `record`, `disk`); everything on `types`.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod acl;
mod cli;
mod client;
mod disk;
mod group;
mod local;
mod log;
mod memory;
mod metadata;
mod output;
mod record;
mod serve;
mod share;
mod signal;
mod txn;
mod types;

use std::ffi::OsString;
use std::process::ExitCode;

#[global_allocator]
static MEMORY: memory::Lenient = memory::Lenient;

/// Runs the command line `args` (with the program's name first) and returns the process's exit status.
pub fn run(args: Vec<OsString>) -> ExitCode {
    cli::run(args)
}
