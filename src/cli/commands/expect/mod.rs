//! `kt expect`: an assertion on the records of a topic, for scripts and tests. Knows no file format.
//!
//! What was decided, and why:
//! - A record holds all conditions or it is a miss: there is no "or". The nearest misses say what was different, as that is
//!   what somebody looks for whose test has failed.
//! - What is expected is waited for and found at once; what is not expected (`--none`, `--exactly`) takes the whole time.
//! - Records of aborted and open transactions are none: `read_committed` is the default.
//! - What is there when the time is over is read in any case, so that a slow machine fails no test.

mod condition;
mod expectation;
mod json_path;
mod misses;
mod run;
mod tool;

pub(crate) use tool::TOOL;
