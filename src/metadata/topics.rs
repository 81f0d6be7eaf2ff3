//! `Topics`: the topics of an image, by name and by id, with their partitions.

use super::partition_records::{PartitionChangeRecord, PartitionState};
use crate::types::{PartitionId, Uuid};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

/// A topic and its partitions.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Topic {
    name: Arc<str>,
    id: Uuid,
    /// In ascending order; nearly always 0, 1, 2, ….
    partitions: Vec<(PartitionId, PartitionState)>,
}

impl Topic {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn id(&self) -> Uuid {
        self.id
    }

    pub(crate) fn partition_count(&self) -> usize {
        self.partitions.len()
    }

    pub(crate) fn partition(&self, partition: PartitionId) -> Option<&PartitionState> {
        let index = self.index_of(partition).ok()?;
        self.partitions.get(index).map(|(_, state)| state)
    }

    /// The partitions in ascending order.
    pub(crate) fn partitions(&self) -> impl ExactSizeIterator<Item = (PartitionId, &PartitionState)> {
        self.partitions.iter().map(|(id, state)| (*id, state))
    }

    /// Where the partition is, or where it would have to be.
    fn index_of(&self, partition: PartitionId) -> Result<usize, usize> {
        let dense = usize::try_from(partition.0).unwrap_or(usize::MAX);
        match self.partitions.get(dense) {
            Some((id, _)) if *id == partition => Ok(dense),
            _ => self.partitions.binary_search_by_key(&partition, |(id, _)| *id),
        }
    }

    pub(super) fn put(&mut self, partition: PartitionId, state: PartitionState) {
        match self.index_of(partition) {
            Ok(index) => {
                if let Some((_, old)) = self.partitions.get_mut(index) {
                    *old = state;
                }
            }
            Err(index) => self.partitions.insert(index, (partition, state)),
        }
    }

    pub(super) fn change(&mut self, change: PartitionChangeRecord) {
        if let Ok(index) = self.index_of(change.partition)
            && let Some((_, state)) = self.partitions.get_mut(index)
        {
            state.apply(change);
        }
    }

    /// Forgets the eligible leader replicas, as a change of its own where there are any.
    pub(super) fn clear_elr(&mut self) {
        let id = self.id;
        for (partition, state) in &mut self.partitions {
            if !state.elr().is_empty() || !state.last_known_elr().is_empty() {
                let mut change = PartitionChangeRecord::of(id, *partition);
                change.elr = Some([].as_slice().into());
                change.last_known_elr = Some([].as_slice().into());
                state.apply(change);
            }
        }
    }
}

/// A quick hash for random ids and short names. Whoever chose names that collide would slow down their own cluster.
#[derive(Clone, Default)]
struct WordHasher(u64);

impl Hasher for WordHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
            self.0 = (self.0 ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        }
    }
}

/// All topics.
#[derive(Clone, Default)]
pub(crate) struct Topics {
    by_id: HashMap<Uuid, Topic, BuildHasherDefault<WordHasher>>,
    by_name: HashMap<Arc<str>, Uuid, BuildHasherDefault<WordHasher>>,
}

impl Topics {
    pub(crate) fn len(&self) -> usize {
        self.by_name.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Topic> {
        self.by_name.get(name).and_then(|id| self.by_id.get(id))
    }

    pub(crate) fn by_id(&self, id: Uuid) -> Option<&Topic> {
        self.by_id.get(&id)
    }

    /// All topics in no particular order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Topic> {
        self.by_id.values()
    }

    /// All topics, by name in ascending order of bytes. Sorts: loading is more frequent than listing.
    pub(crate) fn sorted(&self) -> Vec<&Topic> {
        let mut topics: Vec<&Topic> = self.by_id.values().collect();
        topics.sort_unstable_by_key(|topic| &topic.name);
        topics
    }

    pub(super) fn by_id_mut(&mut self, id: Uuid) -> Option<&mut Topic> {
        self.by_id.get_mut(&id)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Topic> {
        self.by_id.values_mut()
    }

    pub(super) fn id_of(&self, name: &str) -> Option<Uuid> {
        self.by_name.get(name).copied()
    }

    /// Adds a topic without partitions; one of the same name or id goes.
    pub(super) fn add(&mut self, name: Arc<str>, id: Uuid) {
        self.remove(id);
        if let Some(old) = self.by_name.insert(name.clone(), id) {
            self.by_id.remove(&old);
        }
        self.by_id.insert(id, Topic { name, id, partitions: Vec::new() });
    }

    /// Removes the topic and answers its name.
    pub(super) fn remove(&mut self, id: Uuid) -> Option<Arc<str>> {
        let topic = self.by_id.remove(&id)?;
        self.by_name.remove(&topic.name);
        Some(topic.name)
    }
}

impl PartialEq for Topics {
    fn eq(&self, other: &Self) -> bool {
        self.by_id == other.by_id
    }
}

impl std::fmt::Debug for Topics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.sorted()).finish()
    }
}
