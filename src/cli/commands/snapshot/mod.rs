//! `kt snapshot` and `kt restore`: a data directory as it was at one moment, and back to it.

mod options;
mod run;

pub(crate) use options::{RESTORE, SNAPSHOT};
