//! `kt check`: whether everything in a data directory is as it should be.

mod tool;
mod view;

pub(crate) use tool::TOOL;
