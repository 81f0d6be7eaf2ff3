//! `kt test`: a command with a Kafka of its own, which is there in milliseconds and gone with the command.
//!
//! Three processes: this one, which starts the two others and tells how it went; the server (`kt serve --guarded`), which has a
//! pipe from this one and clears everything away when that closes, even if this one was killed; and the command, which dies
//! with this one and whose process group the server kills then. Where standard input is a terminal the command stays in
//! this process's group, so that it can read from it, and Ctrl-C and Ctrl-Z do what they do without kt.

mod program;
mod report;
mod run;
mod server;
mod tool;
mod topics;

pub(crate) use tool::TOOL;
