//! kt's own ways, where the transcripts of Kafka have nothing to say: a file a tool.

mod acls;
mod archive;
mod cluster;
mod consume;
mod consume_reader;
mod dump_log;
mod exec;
mod expect;
mod groups;
mod maintain;
mod produce;
mod registers;
mod share;
mod snapshot;
mod test;
mod topics;
mod transactions;
mod verifiable;
