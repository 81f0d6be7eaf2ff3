//! Upkeep: old records deleted, compacted logs cleaned, what expired or was left behind removed. There is no daemon that would
//! see to it: who closes a segment does, beside its own work and bounded in time, and `kt maintain` does all of it.

mod background;
mod expiry;
mod leftovers;
mod maintain;
mod partition;
mod report;
#[cfg(test)]
mod tests;

pub(super) use background::Upkeep;
pub(super) use partition::finish_what_was_left;
pub(crate) use report::{Deed, Outcome, Wanted};
