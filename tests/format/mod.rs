//! Directories that a real Kafka 4.2 broker has written: `tests/fixtures/kafka-dirs`, each a tar with what Kafka's own tools
//! said of it just before the broker stopped.

mod check;
mod copies;
mod directory;
mod dumps;
mod forensics;
mod listings;
mod records;
