//! `kt dump-log` (`kafka-dump-log.sh`): what is in the files of a partition, line by line.
//! Reads files, not a cluster. Source: spec of kafka-dump-log (Kafka's `DumpLogSegments`).

mod exceptions;
mod files;
mod indexes;
mod parsers;
mod records;
mod reports;
mod tool;

pub(crate) use tool::TOOL;
