//! `kt consume --exec`, `--exec-batch`: what commands get to see, what becomes of their failures, and how often a record
//! counts.

mod batch;
mod commands;
mod delivery;
mod exactly_once;
mod failures;
mod jobs;
mod printing;
