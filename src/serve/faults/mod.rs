//! Faults that a test asks for: requests that are answered with an error, late, or not at all.
//!
//! A rule is about one kind of request, and may name what such a request has to be about: a topic, a group or a transactional
//! id. It acts on the first so many requests, on each with a probability, or on all. Probabilities come from a seed, so that
//! one client's run can be repeated. What a rule acts on is not done: an error stands for all topics of its request, as
//! clients take up again whatever failed. Metadata alone is answered as ever, with the error at its topics.

mod names;
mod refusals;
mod rule;
mod storm;

pub(crate) use rule::{BadRule, Rule};
pub(super) use storm::{Faults, answer};
