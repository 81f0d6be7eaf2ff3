//! `kt serve` as its clients meet it.

mod frames;
mod transactions;
