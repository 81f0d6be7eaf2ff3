//! `kt serve` as its clients meet it.

mod fetch;
mod frames;
mod offsets;
mod produce;
mod records;
mod transactions;
