//! `OffsetMap`: the newest offset of each key, in bounded memory.
//!
//! Keys are known by 128 bits of hash, as in Kafka's `SkimpyOffsetMap` (by MD5 there). The hash is keyed anew for each map:
//! nobody can choose keys that are taken for one another.

use crate::types::Offset;
use std::hash::{BuildHasher, RandomState};

const SLOT_BYTES: usize = size_of::<Slot>();
/// Two words of hash, and the offset plus one: 0 is a free slot.
type Slot = [u64; 3];

/// Keys by hash with open addressing; at most three quarters of the slots are used.
pub(super) struct OffsetMap {
    slots: Vec<Slot>,
    used: usize,
    hashers: [RandomState; 2],
    /// Every key up to here (exclusive) is in the map.
    end: Offset,
}

impl OffsetMap {
    /// A map that takes `keys` keys, or fewer if that took more than `memory_bytes`. It begins at `start`.
    pub(super) fn new(keys: u64, memory_bytes: usize, start: Offset) -> OffsetMap {
        let wanted = usize::try_from(keys.saturating_mul(4) / 3).unwrap_or(usize::MAX);
        let slots = wanted.saturating_add(2).min(memory_bytes / SLOT_BYTES).max(2);
        let hashers = [RandomState::new(), RandomState::new()];
        OffsetMap { slots: vec![[0; 3]; slots], used: 0, hashers, end: start }
    }

    /// Whether so many more keys fit, all of them new.
    pub(super) fn has_room(&self, keys: usize) -> bool {
        self.used.saturating_add(keys) <= self.slots.len() / 4 * 3
    }

    pub(super) fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Makes room for a batch that alone has more keys than the map was to take.
    pub(super) fn grow(&mut self, keys: usize) {
        debug_assert!(self.is_empty(), "keys would get lost");
        self.slots = vec![[0; 3]; keys.saturating_mul(2).saturating_add(8)];
    }

    /// Notes that a record of `key` is at `offset`, which is higher than every one before. There must be room.
    pub(super) fn put(&mut self, key: &[u8], offset: Offset) {
        let hash = self.hash(key);
        let mut at = self.first_slot(hash);
        loop {
            let Some(slot) = self.slots.get_mut(at) else { return };
            let [first, second, stored] = slot;
            if *stored == 0 {
                self.used += 1;
            } else if [*first, *second] != hash {
                at = if at + 1 == self.slots.len() { 0 } else { at + 1 };
                continue;
            }
            *slot = [hash[0], hash[1], offset.get().cast_unsigned().wrapping_add(1)];
            return;
        }
    }

    /// The highest offset that was noted for `key`.
    pub(super) fn get(&self, key: &[u8]) -> Option<Offset> {
        let hash = self.hash(key);
        let mut at = self.first_slot(hash);
        loop {
            let &[first, second, stored] = self.slots.get(at)?;
            if stored == 0 {
                return None;
            }
            if [first, second] == hash {
                return Some(Offset::new(stored.wrapping_sub(1).cast_signed()));
            }
            at = if at + 1 == self.slots.len() { 0 } else { at + 1 };
        }
    }

    /// Everything below this was looked at.
    pub(super) fn end(&self) -> Offset {
        self.end
    }

    pub(super) fn set_end(&mut self, end: Offset) {
        self.end = self.end.max(end);
    }

    fn hash(&self, key: &[u8]) -> [u64; 2] {
        let [first, second] = &self.hashers;
        [first.hash_one(key), second.hash_one(key)]
    }

    fn first_slot(&self, [hash, _]: [u64; 2]) -> usize {
        let scaled = (u128::from(hash) * self.slots.len() as u128) >> 64;
        usize::try_from(scaled).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_offset_of_each_key_is_kept() {
        let mut map = OffsetMap::new(1000, 1 << 20, Offset::ZERO);
        for offset in 0..3000_i64 {
            map.put(format!("key-{}", offset % 1000).as_bytes(), Offset::new(offset));
        }
        for key in 0..1000 {
            assert_eq!(map.get(format!("key-{key}").as_bytes()), Some(Offset::new(2000 + key)));
        }
        assert_eq!((map.get(b"key-1000"), map.used), (None, 1000));
    }

    #[test]
    fn memory_is_bounded_and_a_full_map_still_answers() {
        let mut map = OffsetMap::new(u64::MAX, 24 * 100, Offset::ZERO);
        let mut keys = 0_i64;
        while map.has_room(1) {
            map.put(&keys.to_be_bytes(), Offset::new(keys));
            keys += 1;
        }
        assert_eq!((keys, map.slots.len()), (75, 100));
        assert!((0..keys).all(|key| map.get(&key.to_be_bytes()) == Some(Offset::new(key))));
        assert_eq!(map.get(&keys.to_be_bytes()), None);
        let mut one = OffsetMap::new(0, 0, Offset::ZERO);
        one.grow(3);
        assert!(one.has_room(3));
    }
}
