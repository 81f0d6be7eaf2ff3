//! `kt serve` as its clients meet it.

mod fetch;
mod frames;
mod groups;
mod offsets;
mod produce;
mod records;
mod transactions;
