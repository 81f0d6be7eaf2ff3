//! The only test binary: kt through its command line, as its users meet it. The table of contents:
//!
//! - `support`: `Kt`, the harness; every test has a data directory and an environment of its own.
//! - `scenarios`: transcripts of the real Kafka, which kt must answer to the byte.
//! - `cli`: kt's own ways, where Kafka's transcripts have nothing to say; a file a tool.
//! - `durability`: killed processes, full disks, flipped bits, hostile names, read-only directories.
//! - `concurrency`: many processes at once: producers, followers, first uses, deletions.
//! - `serve`: the server, through the wire.
//! - `generated`: completions and manual pages are what kt makes of its tools.
//! - `format`: directories that a real broker has written.
//! - `readme`: the README's examples show what kt prints.
//! - `tidy`: the code checks itself: who may use whom, sizes, banned calls, unlisted tests.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test says what is wrong by panicking"
)]

mod cli;
mod concurrency;
mod durability;
mod format;
mod generated;
mod readme;
mod scenarios;
mod serve;
mod support;
mod tidy;
