//! The classic protocol's part of a member, as the consumer's own thread plays it on a directory.

use super::desk::Desk;
use super::member::LocalSeat;
use crate::client::{self, ConsumerConfig, Result};
use crate::group::{
    Assignor, ClassicClient, ClassicGroup, ClassicSide, Error as GroupError, GroupKind, ModernClient, Place,
    Protocols, Seat, TopicPartitions,
};
use crate::local::error::Error;
use crate::types::{ErrorCode, TopicPartition};
use std::collections::{BTreeMap, BTreeSet};

/// A consumer's part in the classic protocol.
pub(super) fn client(config: &ConsumerConfig, topics: &[String]) -> ClassicClient {
    let assignors = config.assignors.iter().filter_map(|name| Assignor::named(name)).collect();
    ClassicClient::new(assignors, config.instance_id.clone(), topics)
}

/// What it tells a group of the newer protocol that it is a guest in.
pub(super) fn side(client: &ClassicClient, config: &ConsumerConfig) -> Result<ClassicSide> {
    let protocols = client.protocols(-1)?;
    Ok(ClassicSide { session_timeout_ms: config.session_timeout_ms, protocols })
}

/// Hands over to a guest's part in a group of the newer protocol: to go on with what the consumer has if it has a place in the
/// group, else to join.
pub(super) fn become_guest(
    client: &mut ClassicClient,
    desk: &Desk,
    topics: &[String],
) -> Result<ModernClient> {
    let catalog = desk.cluster.catalog()?;
    let with_id = |tp: TopicPartition| Some(((catalog.get(&tp.topic)?.id, tp.partition), tp));
    let owned = client.hand_over().into_iter().filter_map(with_id).collect();
    let place = desk.place();
    let new_id = || format!("{}-{}", desk.config.client_id, uuid::Uuid::new_v4());
    let has_place = place.is_some();
    let member_id = place.map_or_else(new_id, |place| place.member_id);
    Ok(ModernClient::guest(member_id, desk.config.instance_id.clone(), topics, owned, has_place))
}

impl From<GroupError> for client::Error {
    fn from(error: GroupError) -> client::Error {
        Error::from(error).into()
    }
}

impl Seat for LocalSeat<'_> {
    type Error = client::Error;

    fn place(&self) -> Option<Place> {
        self.desk.place()
    }

    /// Whoever looks watches over its neighbours too.
    fn look(&mut self) -> Result<Option<ClassicGroup>> {
        let group = match self.desk.look()? {
            GroupKind::Classic(group) => group,
            // The member goes on in it as a guest.
            GroupKind::Consumer(group) if group.has_members() => {
                return Err(client::Error::of(ErrorCode::InconsistentGroupProtocol));
            }
            _ => return Ok(None),
        };
        if let Some(place) = self.desk.place() {
            self.ring.watch(self.desk, group.neighbours(&place.member_id))?;
        }
        Ok(Some(group))
    }

    fn join(&mut self, protocols: Protocols) -> Result<std::result::Result<(), ErrorCode>> {
        self.desk.join(protocols)
    }

    fn note_synced(&mut self, generation: i32) {
        self.desk.note_synced(generation);
    }

    fn sync(
        &mut self,
        generation: i32,
        assignments: BTreeMap<String, Vec<u8>>,
    ) -> Result<std::result::Result<Vec<u8>, ErrorCode>> {
        self.desk.sync(generation, assignments)
    }

    fn give_up(&mut self) -> Result<()> {
        self.desk.give_up()
    }

    fn counts(&self, topics: &BTreeSet<String>) -> Result<TopicPartitions> {
        let mut counts = TopicPartitions::new();
        for name in topics {
            if let Some(topic) = self.desk.cluster.open_topic(name)? {
                counts.insert(name.clone(), i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX));
            }
        }
        Ok(counts)
    }

    fn refused(&self, code: ErrorCode) -> client::Error {
        client::Error::of(code)
    }
}
