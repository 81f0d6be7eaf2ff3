//! `kt serve` as its clients meet it.

mod admin;
mod faults;
mod fetch;
mod frames;
mod groups;
mod limits;
mod metrics;
mod offsets;
mod produce;
mod records;
mod security;
mod share;
mod transactions;
