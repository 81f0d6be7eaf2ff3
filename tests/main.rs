//! The only test binary: kt through its command line, as its users meet it. The table of contents:
//!
//! - `support`: `Kt`, the harness; every test has a data directory and an environment of its own.
//! - `scenarios`: transcripts of the real Kafka, which kt must answer to the byte.
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

mod scenarios;
mod support;
mod tidy;
