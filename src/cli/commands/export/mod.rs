//! `kt export`: topics into plain files. The forms are those of `cli/archive`. Knows no file format.
//!
//! What was decided, and why:
//! - Partitions come one after another, each in the order of its log, up to where it ends when the command is called. So the
//!   end of a file tells how far it has got, and `--resume` needs nothing beside the file: a torn line or frame is cut off, and
//!   the rest follows. In the binary form the file also says what was planned, and a resumed one is the same to the byte as if
//!   nothing had happened. JSON lines plan anew what comes behind the last line.
//! - `read_committed` is the default, as nobody wants the records of an aborted transaction back as records.
//! - A file is on the disk when the command ends with status 0.

mod frames;
mod lines;
mod run;
mod sink;
mod tool;

pub(crate) use tool::TOOL;
