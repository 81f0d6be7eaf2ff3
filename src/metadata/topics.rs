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

/// All topics. They lie in one growing list; the maps hold places in it and stay small, as they are copied when they grow.
#[derive(Clone, Default)]
pub(crate) struct Topics {
    /// `None` where a topic was removed.
    list: Vec<Option<Topic>>,
    by_id: HashMap<Uuid, u32, BuildHasherDefault<WordHasher>>,
    by_name: HashMap<Arc<str>, u32, BuildHasherDefault<WordHasher>>,
}

impl Topics {
    pub(crate) fn len(&self) -> usize {
        self.by_name.len()
    }

    fn at(&self, place: u32) -> Option<&Topic> {
        self.list.get(usize::try_from(place).ok()?)?.as_ref()
    }

    fn at_mut(&mut self, place: u32) -> Option<&mut Option<Topic>> {
        self.list.get_mut(usize::try_from(place).ok()?)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Topic> {
        self.at(*self.by_name.get(name)?)
    }

    /// All topics in no particular order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Topic> {
        self.list.iter().flatten()
    }

    /// All topics, by name in ascending order of bytes. Sorts: loading is more frequent than listing.
    pub(crate) fn sorted(&self) -> Vec<&Topic> {
        let mut topics: Vec<&Topic> = self.iter().collect();
        topics.sort_unstable_by_key(|topic| &topic.name);
        topics
    }

    pub(super) fn by_id_mut(&mut self, id: Uuid) -> Option<&mut Topic> {
        let place = *self.by_id.get(&id)?;
        self.at_mut(place)?.as_mut()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Topic> {
        self.list.iter_mut().flatten()
    }

    pub(super) fn id_of(&self, name: &str) -> Option<Uuid> {
        self.get(name).map(Topic::id)
    }

    /// Adds a topic without partitions; one of the same name or id goes.
    pub(super) fn add(&mut self, name: Arc<str>, id: Uuid) {
        self.remove(id);
        if let Some(namesake) = self.id_of(&name) {
            self.remove(namesake);
        }
        let Ok(place) = u32::try_from(self.list.len()) else { return };
        self.by_name.insert(name.clone(), place);
        self.by_id.insert(id, place);
        self.list.push(Some(Topic { name, id, partitions: Vec::new() }));
    }

    /// Removes the topic and answers its name.
    pub(super) fn remove(&mut self, id: Uuid) -> Option<Arc<str>> {
        let place = self.by_id.remove(&id)?;
        let topic = self.at_mut(place)?.take()?;
        self.by_name.remove(&topic.name);
        Some(topic.name)
    }
}

impl PartialEq for Topics {
    fn eq(&self, other: &Self) -> bool {
        self.sorted() == other.sorted()
    }
}

impl std::fmt::Debug for Topics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.sorted()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_belongs_to_its_newest_topic() {
        let mut topics = Topics::default();
        let id = |number| Uuid([number; 16]);
        topics.add("a".into(), id(1));
        topics.add("b".into(), id(2));
        topics.add("a".into(), id(3));
        assert_eq!((topics.len(), topics.get("a").map(Topic::id)), (2, Some(id(3))));
        assert_eq!(topics.remove(id(3)).as_deref(), Some("a"));
        assert_eq!((topics.remove(id(3)), topics.get("a")), (None, None));
        let names: Vec<&str> = topics.sorted().into_iter().map(Topic::name).collect();
        assert_eq!(names, ["b"]);
    }
}
