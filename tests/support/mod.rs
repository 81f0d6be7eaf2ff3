//! The harness: kt in a directory and an environment of its own, with its output compared whole.

mod kt;
mod normalize;
mod random;
mod running;
mod tls;
mod wire;

pub(crate) use kt::{Kt, Output};
pub(crate) use normalize::{lines, matches, normalize, unified};
pub(crate) use random::Random;
pub(crate) use running::{Running, deadline, wait_until};
pub(crate) use tls::{Authority, Identity, Stream};
pub(crate) use wire::{Served, Wire};
