//! What lies between lines and records: the producer's line reader, the consumer's formatters and deserializers. Bytes in memory,
//! no I/O. Source: spec of the console tools.

mod deserializer;
mod formatter;
mod internal;
mod java_number;
mod line_reader;
mod lines;

pub(crate) use formatter::{Audience, Formatter, FormatterError, unknown_deserializers};
pub(crate) use line_reader::{BadLine, LineReader};
pub(crate) use lines::Lines;
