//! `kt serve` as its clients meet it.

mod access;
mod admin;
mod faults;
mod fetch;
mod frames;
mod fuzz;
mod groups;
mod limits;
mod metrics;
mod offsets;
mod produce;
mod records;
mod security;
mod seeds;
mod share;
mod transactions;
