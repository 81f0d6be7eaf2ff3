//! `Chooser`: which partition a record goes to that doesn't name one.

use super::rotation::Rotation;
use crate::client::Partitioner;
use crate::disk;
use crate::record::partition_for_key;
use crate::types::Uuid;
use std::path::PathBuf;

/// A partitioner with its memory.
#[derive(Debug)]
pub(super) struct Chooser {
    kind: Partitioner,
    ignore_keys: bool,
    rotation: Option<Rotation>,
    rotation_path: PathBuf,
    /// Kafka's RoundRobinPartitioner counts from 0 in each process.
    turn: usize,
    /// The partition that the sticky partitioner holds on to, and how much went there.
    sticky: usize,
    sticky_bytes: usize,
    /// After so many bytes it picks another.
    sticky_until: usize,
}

impl Chooser {
    pub(super) fn new(
        kind: Partitioner,
        ignore_keys: bool,
        rotation_path: PathBuf,
        batch_bytes: usize,
    ) -> Chooser {
        let sticky = usize::from(random_u16());
        Chooser {
            kind,
            ignore_keys,
            rotation: None,
            rotation_path,
            turn: 0,
            sticky,
            sticky_bytes: 0,
            sticky_until: batch_bytes,
        }
    }

    /// The index, below `count`, for a record of about `size` bytes.
    pub(super) fn choose(&mut self, key: Option<&[u8]>, count: usize, size: usize) -> usize {
        match (self.kind, key) {
            (Partitioner::RoundRobin, _) => {
                self.turn = self.turn.wrapping_add(1);
                self.turn.wrapping_sub(1) % count.max(1)
            }
            (Partitioner::Rotation | Partitioner::Sticky, Some(key)) if !self.ignore_keys => {
                let partitions = i32::try_from(count).unwrap_or(i32::MAX);
                usize::try_from(partition_for_key(key, partitions)).unwrap_or(0)
            }
            (Partitioner::Rotation, _) => {
                let path = &self.rotation_path;
                self.rotation.get_or_insert_with(|| Rotation::load(path.clone())).take(count)
            }
            (Partitioner::Sticky, _) => {
                if self.sticky_bytes >= self.sticky_until {
                    self.sticky = usize::from(random_u16());
                    self.sticky_bytes = 0;
                }
                self.sticky_bytes += size;
                self.sticky % count.max(1)
            }
        }
    }

    /// Keeps what the next run is to know.
    pub(super) fn store(&mut self) -> disk::Result<()> {
        self.rotation.as_mut().map_or(Ok(()), Rotation::store)
    }
}

fn random_u16() -> u16 {
    let [a, b, ..] = Uuid::random().0;
    u16::from_be_bytes([a, b])
}
