//! The records that say where a topic's partitions are: Topic, Partition, PartitionChange, RemoveTopic, ClearElr.
//! Schemas: KIP-500, KIP-858 (directories), KIP-966 (eligible leader replicas).

use super::few::Few;
use crate::types::{BrokerId, CodecError, LeaderEpoch, PartitionId, Reader, TaggedFields, Uuid, Writer};
use std::sync::Arc;

type Result<T> = std::result::Result<T, CodecError>;

/// Brokers in the order of a record; the first of a replica list is the preferred leader.
pub(crate) type Brokers = Few<BrokerId, 4>;
/// The log directories of the replicas, in the same order.
pub(crate) type Directories = Few<Uuid, 1>;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TopicRecord {
    /// Shared with the image, which needs it twice.
    pub(crate) name: Arc<str>,
    pub(crate) id: Uuid,
}

impl TopicRecord {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<TopicRecord> {
        let record = TopicRecord { name: r.compact_string()?.into(), id: r.uuid()? };
        r.skip_tagged_fields()?;
        Ok(record)
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.compact_string(&self.name);
        w.uuid(self.id);
        w.no_tagged_fields();
    }
}

/// Whether a leader was elected cleanly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LeaderRecovery {
    #[default]
    Recovered,
    /// After an unclean election, until the leader has recovered its log.
    Recovering,
}

impl LeaderRecovery {
    fn from_byte(byte: i8) -> LeaderRecovery {
        if byte == 1 { LeaderRecovery::Recovering } else { LeaderRecovery::Recovered }
    }

    fn byte(self) -> i8 {
        i8::from(self == LeaderRecovery::Recovering)
    }
}

/// A partition's whole state.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PartitionRecord {
    pub(crate) partition: PartitionId,
    pub(crate) topic_id: Uuid,
    pub(crate) state: PartitionState,
}

/// Where a partition is and who leads it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PartitionState {
    pub(crate) replicas: Brokers,
    pub(crate) isr: Brokers,
    pub(crate) directories: Directories,
    /// `None` where all of its lists are empty, as they nearly always are.
    rare: Option<Box<RareLists>>,
    /// `None` while no replica in sync is alive.
    pub(crate) leader: Option<BrokerId>,
    pub(crate) leader_recovery: LeaderRecovery,
    pub(crate) leader_epoch: LeaderEpoch,
    /// Raised by one with every change.
    pub(crate) partition_epoch: i32,
}

/// The lists of a partition that is being moved or has lost replicas.
#[derive(Clone, Debug, Default, PartialEq)]
struct RareLists {
    removing_replicas: Brokers,
    adding_replicas: Brokers,
    elr: Brokers,
    last_known_elr: Brokers,
}

fn leader_from(id: i32) -> Option<BrokerId> {
    (id >= 0).then_some(BrokerId(id))
}

fn leader_id(leader: Option<BrokerId>) -> i32 {
    leader.map_or(-1, |leader| leader.0)
}

fn read_few<'a, T: Copy + Default, const N: usize>(
    r: &mut Reader<'a>,
    mut item: impl FnMut(&mut Reader<'a>) -> Result<T>,
) -> Result<Option<Few<T, N>>> {
    let Some(count) = r.compact_array_count()? else { return Ok(None) };
    Few::try_collect((0..count).map(|_| item(r))).map(Some)
}

fn read_brokers(r: &mut Reader<'_>) -> Result<Option<Brokers>> {
    read_few(r, |r| r.i32().map(BrokerId))
}

fn write_brokers(w: &mut Writer, brokers: &[BrokerId]) {
    w.compact_array(brokers, |w, broker| w.i32(broker.0));
}

fn put_brokers(tags: &mut TaggedFields, tag: u32, brokers: Option<&Brokers>) {
    if let Some(brokers) = brokers {
        tags.put(tag, |w| write_brokers(w, brokers));
    }
}

fn write_directories(w: &mut Writer, directories: &[Uuid]) {
    w.compact_array(directories, |w, &directory| w.uuid(directory));
}

impl PartitionRecord {
    /// Version 1 brought the directories, version 2 the tags 1 and 2.
    pub(super) fn read(r: &mut Reader<'_>, version: u32) -> Result<PartitionRecord> {
        let partition = PartitionId(r.i32()?);
        let topic_id = r.uuid()?;
        let mut list = || read_brokers(r).map(Option::unwrap_or_default);
        let (replicas, isr, removing_replicas, adding_replicas) = (list()?, list()?, list()?, list()?);
        let mut rare = RareLists { removing_replicas, adding_replicas, ..RareLists::default() };
        let mut state = PartitionState {
            replicas,
            isr,
            rare: None,
            leader: leader_from(r.i32()?),
            leader_epoch: LeaderEpoch(r.i32()?),
            partition_epoch: r.i32()?,
            directories: Directories::default(),
            leader_recovery: LeaderRecovery::Recovered,
        };
        if version >= 1 {
            state.directories = read_few(r, Reader::uuid)?.unwrap_or_default();
        }
        r.tagged_fields(|tag, field| {
            match tag {
                0 => state.leader_recovery = LeaderRecovery::from_byte(field.i8()?),
                1 => rare.elr = read_brokers(field)?.unwrap_or_default(),
                2 => rare.last_known_elr = read_brokers(field)?.unwrap_or_default(),
                _ => {}
            }
            Ok(())
        })?;
        state.set_rare(rare);
        Ok(PartitionRecord { partition, topic_id, state })
    }

    pub(super) fn write(&self, w: &mut Writer) {
        let state = &self.state;
        w.i32(self.partition.0);
        w.uuid(self.topic_id);
        write_brokers(w, &state.replicas);
        write_brokers(w, &state.isr);
        write_brokers(w, state.removing_replicas());
        write_brokers(w, state.adding_replicas());
        w.i32(leader_id(state.leader));
        w.i32(state.leader_epoch.0);
        w.i32(state.partition_epoch);
        write_directories(w, &state.directories);
        w.tagged_fields(|tags| {
            if state.leader_recovery != LeaderRecovery::Recovered {
                tags.put(0, |w| w.i8(state.leader_recovery.byte()));
            }
            if !state.elr().is_empty() {
                tags.put(1, |w| write_brokers(w, state.elr()));
            }
            if !state.last_known_elr().is_empty() {
                tags.put(2, |w| write_brokers(w, state.last_known_elr()));
            }
        });
    }
}

/// What changes of a partition; `None` leaves a field as it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PartitionChangeRecord {
    pub(crate) partition: PartitionId,
    pub(crate) topic_id: Uuid,
    pub(crate) isr: Option<Brokers>,
    /// `Some(None)` takes the leader away. Naming a leader, even the same one, begins a new leader epoch.
    pub(crate) leader: Option<Option<BrokerId>>,
    pub(crate) replicas: Option<Brokers>,
    pub(crate) removing_replicas: Option<Brokers>,
    pub(crate) adding_replicas: Option<Brokers>,
    pub(crate) leader_recovery: Option<LeaderRecovery>,
    pub(crate) elr: Option<Brokers>,
    pub(crate) last_known_elr: Option<Brokers>,
    pub(crate) directories: Option<Directories>,
}

/// The leader field's value for "as before".
const SAME_LEADER: i32 = -2;

impl PartitionChangeRecord {
    /// A change of nothing, to be filled in.
    pub(crate) fn of(topic_id: Uuid, partition: PartitionId) -> PartitionChangeRecord {
        PartitionChangeRecord {
            partition,
            topic_id,
            isr: None,
            leader: None,
            replicas: None,
            removing_replicas: None,
            adding_replicas: None,
            leader_recovery: None,
            elr: None,
            last_known_elr: None,
            directories: None,
        }
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<PartitionChangeRecord> {
        let partition = PartitionId(r.i32()?);
        let mut change = PartitionChangeRecord::of(r.uuid()?, partition);
        r.tagged_fields(|tag, field| {
            match tag {
                0 => change.isr = read_brokers(field)?,
                1 => {
                    let id = field.i32()?;
                    change.leader = (id != SAME_LEADER).then(|| leader_from(id));
                }
                2 => change.replicas = read_brokers(field)?,
                3 => change.removing_replicas = read_brokers(field)?,
                4 => change.adding_replicas = read_brokers(field)?,
                5 => {
                    let byte = field.i8()?;
                    change.leader_recovery = (byte >= 0).then(|| LeaderRecovery::from_byte(byte));
                }
                6 => change.elr = read_brokers(field)?,
                7 => change.last_known_elr = read_brokers(field)?,
                8 => change.directories = read_few(field, Reader::uuid)?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(change)
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.i32(self.partition.0);
        w.uuid(self.topic_id);
        w.tagged_fields(|tags| {
            put_brokers(tags, 0, self.isr.as_ref());
            if let Some(leader) = self.leader {
                tags.put(1, |w| w.i32(leader_id(leader)));
            }
            put_brokers(tags, 2, self.replicas.as_ref());
            put_brokers(tags, 3, self.removing_replicas.as_ref());
            put_brokers(tags, 4, self.adding_replicas.as_ref());
            if let Some(recovery) = self.leader_recovery {
                tags.put(5, |w| w.i8(recovery.byte()));
            }
            put_brokers(tags, 6, self.elr.as_ref());
            put_brokers(tags, 7, self.last_known_elr.as_ref());
            if let Some(directories) = &self.directories {
                tags.put(8, |w| write_directories(w, directories));
            }
        });
    }
}

impl PartitionState {
    /// A partition as it begins: every replica in `isr`, led by `leader`, in epoch 0.
    pub(crate) fn new(replicas: Brokers, isr: Brokers, directories: Directories) -> PartitionState {
        PartitionState {
            leader: isr.first().copied(),
            replicas,
            isr,
            directories,
            rare: None,
            leader_recovery: LeaderRecovery::Recovered,
            leader_epoch: LeaderEpoch(0),
            partition_epoch: 0,
        }
    }

    fn rare_list(&self, list: fn(&RareLists) -> &Brokers) -> &[BrokerId] {
        self.rare.as_deref().map(list).map(|list| &**list).unwrap_or_default()
    }

    /// Replicas that a reassignment is to take away.
    pub(crate) fn removing_replicas(&self) -> &[BrokerId] {
        self.rare_list(|rare| &rare.removing_replicas)
    }

    /// Replicas that a reassignment is adding.
    pub(crate) fn adding_replicas(&self) -> &[BrokerId] {
        self.rare_list(|rare| &rare.adding_replicas)
    }

    /// Replicas out of sync that hold every committed record all the same (KIP-966).
    pub(crate) fn elr(&self) -> &[BrokerId] {
        self.rare_list(|rare| &rare.elr)
    }

    pub(crate) fn last_known_elr(&self) -> &[BrokerId] {
        self.rare_list(|rare| &rare.last_known_elr)
    }

    fn set_rare(&mut self, rare: RareLists) {
        self.rare = (rare != RareLists::default()).then(|| Box::new(rare));
    }

    /// Applies a change: a named leader raises the leader epoch, and any change the partition epoch.
    pub(super) fn apply(&mut self, change: PartitionChangeRecord) {
        let mut rare = self.rare.take().map(|rare| *rare).unwrap_or_default();
        replace(&mut self.replicas, change.replicas);
        replace(&mut self.directories, change.directories);
        replace(&mut self.isr, change.isr);
        replace(&mut rare.removing_replicas, change.removing_replicas);
        replace(&mut rare.adding_replicas, change.adding_replicas);
        replace(&mut rare.elr, change.elr);
        replace(&mut rare.last_known_elr, change.last_known_elr);
        replace(&mut self.leader_recovery, change.leader_recovery);
        if let Some(leader) = change.leader {
            self.leader = leader;
            self.leader_epoch = LeaderEpoch(self.leader_epoch.0.saturating_add(1));
        }
        self.partition_epoch = self.partition_epoch.saturating_add(1);
        self.set_rare(rare);
    }
}

fn replace<T>(field: &mut T, change: Option<T>) {
    if let Some(value) = change {
        *field = value;
    }
}
