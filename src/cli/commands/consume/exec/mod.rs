//! `kt consume --exec`, `--exec-batch`: records are handed over to a command, and their offsets are committed once it has
//! done with them. kt's own; Kafka's console consumer prints.
//!
//! From the records to the offsets: `engine` takes records into the `window`, a `worker` (`each`, `batch`) hands them to a
//! `process`, what fails is handed over again (`retry`) or given up (`failing`), and what comes of the others is stored
//! (`settle`, `outgoing`, `transactions`). `session` says when.

mod batch;
mod each;
mod engine;
mod environment;
mod events;
mod failing;
mod outgoing;
mod plan;
mod process;
mod record;
mod retry;
mod run;
mod session;
mod settle;
mod transactions;
mod window;
mod worker;

pub(super) use plan::{Plan, receiver};
pub(super) use run::work;
