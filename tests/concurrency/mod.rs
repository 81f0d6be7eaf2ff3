//! Many processes at once on one directory.

mod delete_under;
mod first_use;
mod group_odds;
mod held_locks;
mod newer_protocol;
mod producers;
mod share;
mod sharing;
mod storm;
mod upkeep;
