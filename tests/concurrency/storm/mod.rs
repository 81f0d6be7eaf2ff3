//! The storm: members of a group come, leave, die and are stopped at random while producers write all the time. What must
//! hold at every moment and at the end is checked from one file that all of them append to.

mod deliveries;
mod journal;
mod members;
mod ownership;
mod producers;
mod runs;
mod weather;
