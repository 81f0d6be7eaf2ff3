//! The harness: kt in a directory and an environment of its own, with its output compared whole.

mod kt;
mod normalize;
mod running;

pub(crate) use kt::{Arguments, Invocation, Kt, Output, Streams};
pub(crate) use normalize::{lines, normalize, unified};
pub(crate) use running::{Running, deadline, wait_until};
