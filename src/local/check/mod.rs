//! `kt check`: whether everything in a broker's directory is as it should be, each file held against what others say of the
//! same thing. Reads only, takes no lock for longer than a moment, and goes on whatever it finds.

mod broker_files;
mod checkpoint_text;
mod contents;
mod live;
mod metadata;
mod repair;
mod run;
#[cfg(test)]
mod tests;

pub(crate) use crate::log::check::{Depth, Finding, Severity};
pub(crate) use repair::{Repaired, repair};
pub(crate) use run::{Checked, Request, check};
