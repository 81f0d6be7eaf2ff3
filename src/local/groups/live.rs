//! `LiveFile`: what the members of a group share between two records, in a file of `.kt/`. Changed under the lock of the
//! group's partition of `__consumer_offsets`, replaced as a whole, and looked at without a lock.
//!
//! ```text
//! magic [8] | CRC-32 of the rest u32 | boot u64 | offsets topic's id [16] | sequence u64 | offset i64 |
//! length of the phase u32 | phase | length of the structure u32 | structure | sessions
//! ```
//! It is worth nothing after a boot, and nothing where the log has a newer record of the group than the one at `offset`:
//! then someone who doesn't know of this file (a broker) has been at work.

use super::super::cluster::Cluster;
use super::super::error::Result;
use crate::disk::{self, Channels, Durability, File, Mode, SharedWord};
use crate::group::{GroupKind, LiveBytes};
use crate::types::{Offset, Reader, Uuid, java};
use std::path::PathBuf;

const MAGIC: [u8; 8] = *b"ktlive01";
const CRC_AT: usize = 8;
const BODY_AT: usize = 12;

/// The content of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Live {
    /// Rises with every change that other members have to look at; the group's word has the same number.
    pub(super) sequence: u64,
    /// The group's last record in the log, as far as this knows.
    pub(super) offset: Offset,
    /// Differs where members other than the one that made a change have to look.
    pub(super) phase: Vec<u8>,
    pub(super) structure: Vec<u8>,
    pub(super) sessions: Vec<u8>,
}

impl Live {
    fn encode(&self, boot: u64, topic: Uuid) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([0; BODY_AT - CRC_AT]);
        bytes.extend(boot.to_be_bytes());
        bytes.extend(topic.0);
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend(self.offset.get().to_be_bytes());
        for part in [&self.phase, &self.structure] {
            bytes.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            bytes.extend(part);
        }
        bytes.extend(&self.sessions);
        let crc = crc32fast::hash(bytes.get(BODY_AT..).unwrap_or_default());
        for (to, from) in bytes.iter_mut().skip(CRC_AT).zip(crc.to_be_bytes()) {
            *to = from;
        }
        bytes
    }

    /// `None` for what is damaged, of another boot or of another offsets topic.
    fn decode(bytes: &[u8], boot: u64, topic: Uuid) -> Option<Live> {
        let (magic, rest) = bytes.split_first_chunk::<8>()?;
        let (crc, body) = rest.split_first_chunk::<4>()?;
        if *magic != MAGIC || u32::from_be_bytes(*crc) != crc32fast::hash(body) {
            return None;
        }
        let (its_boot, body) = body.split_first_chunk::<8>()?;
        if u64::from_be_bytes(*its_boot) != boot {
            return None;
        }
        let mut r = Reader::new(body);
        if r.uuid().ok()? != topic {
            return None;
        }
        let sequence = u64::from_be_bytes(*r.take(8).ok()?.first_chunk()?);
        let offset = Offset::new(r.i64().ok()?);
        let (phase, structure) = (r.bytes().ok()?.to_vec(), r.bytes().ok()?.to_vec());
        Some(Live { sequence, offset, phase, structure, sessions: r.remaining().to_vec() })
    }

    /// The group that it tells of; `None` if it can't be read.
    pub(super) fn group(&self) -> Option<GroupKind> {
        LiveBytes::decode(&self.structure, &self.sessions).ok()
    }
}

/// Where a group keeps what its members share.
#[derive(Clone)]
pub(super) struct LiveFile {
    cluster: Cluster,
    group: String,
    topic: Uuid,
    boot: u64,
    path: PathBuf,
}

impl LiveFile {
    /// The file of `group` on a directory whose offsets topic has the id `topic`; `None` where nothing is coordinated.
    pub(super) fn of(cluster: &Cluster, group: &str, topic: Uuid) -> Option<LiveFile> {
        let path = cluster.coordination().ok()?.group_live(group);
        let (cluster, group) = (cluster.clone(), group.to_owned());
        Some(LiveFile { cluster, group, topic, boot: disk::boot_id(), path })
    }

    /// What the members share; `None` if there is nothing that can be believed.
    pub(super) fn read(&self) -> Result<Option<Live>> {
        let file = match File::open(&self.path, Mode::Read) {
            Ok(file) => file,
            Err(e) if e.is_not_found() => return Ok(None),
            Err(e) => return Err(e.into()),
        };
        Ok(Live::decode(&file.read_all()?, self.boot, self.topic))
    }

    /// Replaces `known` by the group's present state. Only under the lock.
    ///
    /// `offset` is that of the group's last record in the log. Members are told where they have to look.
    pub(super) fn save(&self, known: Option<&Live>, group: Option<&GroupKind>, offset: Offset) -> Result<()> {
        if matches!(group, Some(GroupKind::Share(_) | GroupKind::Streams(_))) {
            return Ok(());
        }
        let new = group.map(LiveBytes::of).transpose()?.flatten();
        let Some(new) = new else { return self.remove(known) };
        let word = self.word()?;
        let (sequence, is_news) = match known {
            Some(live) if live.phase == new.phase => (live.sequence, false),
            Some(live) => (live.sequence.wrapping_add(1), true),
            None => (word.get().wrapping_add(1), true),
        };
        let is_same = |live: &Live| {
            live.offset == offset && live.structure == new.structure && !new.outlast(&live.sessions)
        };
        if !known.is_some_and(is_same) {
            let LiveBytes { phase, structure, sessions, .. } = new;
            let live = Live { sequence, offset, phase, structure, sessions };
            let bytes = live.encode(self.boot, self.topic);
            disk::replace_with(&self.path, &bytes, Durability::Atomic)?;
        }
        // Who changed it before may have died before he could say so.
        if is_news || word.get() != sequence {
            self.tell(&word, sequence);
        }
        Ok(())
    }

    /// Takes back everything of a group without members; whoever is stopped finds itself out when it goes on.
    fn remove(&self, known: Option<&Live>) -> Result<()> {
        let Ok(coordination) = self.cluster.coordination() else { return Ok(()) };
        let dir = coordination.group(&self.group);
        if known.is_some() {
            let word = self.word()?;
            self.tell(&word, word.get().wrapping_add(1));
        }
        if known.is_some() || dir.exists() {
            disk::remove_tree(&dir)?;
        }
        Ok(())
    }

    /// The number that tells members when to look.
    pub(super) fn word(&self) -> Result<SharedWord> {
        let coordination = self.cluster.coordination()?;
        let path = coordination.group_changes(&self.group);
        match SharedWord::open(&path) {
            Err(e) if e.is_not_found() => {
                disk::create_dirs(&coordination.group(&self.group))?;
                Ok(SharedWord::open(&path)?)
            }
            other => Ok(other?),
        }
    }

    fn tell(&self, word: &SharedWord, sequence: u64) {
        word.set(sequence);
        self.cluster.wake().notify(channels_of(&self.group));
    }
}

/// A group's notices go where those of partitions go; a sleeper that is woken for nothing looks and sleeps on.
pub(super) fn channels_of(group: &str) -> Channels {
    Channels::of(u64::from(java::string_hash(group) as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_live_state_survives_its_bytes_and_nothing_else_is_believed() {
        let live = Live {
            sequence: 7,
            offset: Offset::new(99),
            phase: vec![4],
            structure: vec![1, 2, 3],
            sessions: vec![9; 16],
        };
        let (boot, topic) = (5, Uuid([3; 16]));
        let bytes = live.encode(boot, topic);
        assert_eq!(Live::decode(&bytes, boot, topic), Some(live));
        assert_eq!(Live::decode(&bytes, 6, topic), None);
        assert_eq!(Live::decode(&bytes, boot, Uuid([4; 16])), None);
        for end in 0..bytes.len() {
            assert_eq!(Live::decode(&bytes[..end], boot, topic), None, "{end}");
        }
        for index in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[index] ^= 0x10;
            assert_eq!(Live::decode(&flipped, boot, topic), None, "byte {index}");
        }
    }
}
