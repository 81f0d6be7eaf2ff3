//! Bulk reading and writing on a directory: whole batches where they can stay as they are, records where they can't, and
//! the count of what was written, for who goes on after a crash.

mod count;
mod lane;
mod part;
mod reader;
mod writer;

pub(super) use reader::LocalBulkReader;
pub(super) use writer::LocalBulkWriter;
