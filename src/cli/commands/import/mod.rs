//! `kt import`: topics out of plain files, those of `kt export`, of `kcat -J` and `rpk`, and written by hand.
//!
//! What was decided, and why:
//! - Records keep partition, key, headers and time. What a line doesn't say is filled in: the topic of `--topic`, the partition
//!   by the key's hash (without a key, one after another), the time of the import.
//! - A topic that isn't there is made as the file describes it, else with as many partitions as the records name. A topic that
//!   is there is not changed: another number of partitions is refused unless `--repartition` shares the records out by key.
//! - The first line or frame that is wrong ends the import with its place; what came before is in.
//! - Importing twice adds twice, as with a producer. With `--resume`, given from the first run on, the import keeps count: how
//!   far the file is in is an offset of the group `kt-import.NAME`, what is written behind that is told by its producer id. A
//!   run that follows, whatever ended the one before, writes each record once. Readers need not know of it: there are no
//!   transactions. The file may have grown meanwhile; that its beginning is the same is checked.

mod feed;
mod json;
mod run;
mod sink;
mod stored;
mod tool;

pub(crate) use tool::TOOL;
