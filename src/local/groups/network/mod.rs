//! The members of groups that a server speaks for: clients of the network, in the same groups as the consumers of the
//! shell, under the same locks.
//!
//! What is decided, `crate::group` decides. A member of the network has its presence in the server's process, which renews
//! its pulse when the client gives a sign of life: if the server dies, its members die with it, and the others go on at
//! once. Who waits for an answer may be answered by what another process does: the server looks at a group whenever its
//! word has changed, while it has members in it.

mod classic;
mod clock;
mod commits;
mod facade;
mod host;
mod modern;
mod offsets;
mod outside;
mod places;
mod shard;

pub(crate) use classic::{JoinAnswer, Leaver};
pub(crate) use commits::Commit;
pub(crate) use facade::NetworkGroups;
pub(crate) use offsets::{FetchOffsets, FetchedOffsets};
