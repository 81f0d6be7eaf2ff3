//! Groups whose members change from the classic protocol to the newer one while they live, and back (KIP-848): with the first
//! member of the newer protocol the group becomes one of that, in which the others are guests; when the last of them leaves
//! to guests alone it is a classic one again. Records are those that Kafka 4.2 was seen to write.

use super::super::classic::{ClassicConfig, ClassicGroup, ClassicMember};
use super::super::protocol::{AssignedPartitions, CONSUMER, Subscription};
use super::super::records::{
    ClassicGroupValue, ClassicMemberValue, ClassicSide, ConsumerMember, Family, GroupEpoch, GroupRecord,
};
use super::super::state::{GroupKind, Groups};
use super::catalog::TopicCatalog;
use super::group::ModernGroup;
use super::heartbeat::Change;
use super::member::{ModernMember, Ownership};
use super::partitions::PartitionSet;
use crate::types::{TimestampMs, TopicPartition};

impl Groups {
    /// Makes a classic group with members one of the newer protocol, and answers the records that this takes; `None` if
    /// what its members say can't be understood.
    pub(super) fn upgrade(
        &mut self,
        group_id: &str,
        catalog: &TopicCatalog,
        now: TimestampMs,
    ) -> Option<Vec<GroupRecord>> {
        let classic = self.classic(group_id).filter(|classic| classic.protocol_type() == Some(CONSUMER))?;
        let guests = classic
            .members()
            .map(|member| Some((member.member_id.clone(), guest(classic, member, catalog)?)));
        let guests: Vec<(String, (ConsumerMember, PartitionSet))> = guests.collect::<Option<_>>()?;
        let generation = classic.generation();
        let mut modern = ModernGroup::default();
        let mut change = Change::new(group_id, catalog, now);
        let (family, group) = (Family::Consumer, || group_id.to_owned());
        for (member, (profile, _)) in &guests {
            let value = Some(profile.clone());
            change.put(
                &mut modern,
                GroupRecord::ConsumerMember { group: group(), member: member.clone(), value },
            );
        }
        let epoch = GroupEpoch { epoch: generation, metadata_hash: catalog.hash_of(modern.topics()) };
        change.put(&mut modern, GroupRecord::Group { family, group: group(), value: Some(epoch) });
        for (member, (_, assigned)) in &guests {
            let value = Some(assigned.to_record());
            change.put(
                &mut modern,
                GroupRecord::Target { family, group: group(), member: member.clone(), value },
            );
        }
        change.put(&mut modern, GroupRecord::TargetEpoch { family, group: group(), value: Some(generation) });
        for (member, (_, assigned)) in guests {
            let (epoch, previous_epoch) = (generation, generation);
            let ownership = Ownership { epoch, previous_epoch, assigned, ..Ownership::default() };
            let value = Some(ownership.to_record());
            change.put(&mut modern, GroupRecord::Current { family, group: group(), member, value });
        }
        self.get_or_insert(group_id).kind = GroupKind::Consumer(modern);
        let mut records = vec![GroupRecord::ClassicGroup { group: group(), value: None }];
        records.append(&mut change.records);
        Some(records)
    }

    /// Takes members out of a group of the newer protocol. One that is left to guests becomes a classic one.
    pub(super) fn take_out(&mut self, gone: &[String], change: &mut Change<'_>) {
        let Some(group) = self.modern(change.group_id) else { return };
        let mut staying = group.members.iter().filter(|(id, _)| !gone.contains(id)).peekable();
        let is_left_to_guests = staying.peek().is_some() && staying.all(|(_, member)| member.is_classic());
        if gone.is_empty() || !is_left_to_guests {
            group.remove(gone, change);
            return;
        }
        let records = group.tombstones(change.group_id);
        let mut classic = classic_again(group, gone, change);
        change.records.extend(records);
        change.records.push(classic.record(change.group_id));
        // Its members share everything out among themselves.
        classic.begin_anew(change.group_id, &ClassicConfig::default(), change.now);
        self.get_or_insert(change.group_id).kind = GroupKind::Classic(classic);
    }
}

/// What a member of a classic group is as a guest, and what it has.
fn guest(
    group: &ClassicGroup,
    member: &ClassicMember,
    catalog: &TopicCatalog,
) -> Option<(ConsumerMember, PartitionSet)> {
    let protocol = group.protocol().unwrap_or_default();
    let metadata =
        member.metadata(protocol).or(member.protocols.first().map(|(_, bytes)| bytes.as_slice()))?;
    let subscription = Subscription::decode(metadata).ok()?;
    let assigned = AssignedPartitions::decode(&member.assignment).ok()?.partitions;
    let with_id = |tp: TopicPartition| Some((catalog.get(&tp.topic)?.id, tp.partition));
    let mut topics = subscription.topics;
    topics.sort();
    let profile = ConsumerMember {
        instance_id: member.instance_id.clone(),
        rack_id: subscription.rack_id,
        client_id: member.client_id.clone(),
        client_host: member.client_host.clone(),
        topics,
        topic_regex: Some(String::new()),
        rebalance_timeout_ms: member.rebalance_timeout_ms,
        server_assignor: None,
        classic: Some(ClassicSide {
            session_timeout_ms: member.session_timeout_ms,
            protocols: member.protocols.clone(),
        }),
    };
    Some((profile, assigned.into_iter().filter_map(with_id).collect()))
}

/// The classic group of the guests that stay, with what they have.
fn classic_again(group: &ModernGroup, gone: &[String], change: &Change<'_>) -> ClassicGroup {
    let staying = || group.members.iter().filter(|(id, _)| !gone.contains(id));
    let protocol = staying().find_map(|(_, member)| Some(side(member)?.protocols.first()?.0.clone()));
    let value = |(id, member): (&String, &ModernMember)| {
        let with_name = |(topic, partition)| {
            Some(TopicPartition { topic: change.catalog.name(topic)?.to_owned(), partition })
        };
        let partitions = member.assigned().iter().filter_map(with_name).collect();
        let offered = side(member).map(|side| side.protocols.as_slice()).unwrap_or_default();
        let wanted = offered.iter().find(|(name, _)| Some(name) == protocol.as_ref());
        ClassicMemberValue {
            member_id: id.clone(),
            instance_id: member.profile.instance_id.clone(),
            client_id: member.profile.client_id.clone(),
            client_host: member.profile.client_host.clone(),
            rebalance_timeout_ms: member.profile.rebalance_timeout_ms,
            session_timeout_ms: side(member).map_or(0, |side| side.session_timeout_ms),
            subscription: wanted.map(|(_, bytes)| bytes.clone()).unwrap_or_default(),
            assignment: AssignedPartitions { partitions, user_data: None }.encode().unwrap_or_default(),
        }
    };
    let value = ClassicGroupValue {
        protocol_type: CONSUMER.to_owned(),
        generation: group.epoch,
        leader: staying().next().map(|(id, _)| id.clone()),
        state_timestamp: change.now,
        members: staying().map(value).collect(),
        protocol: protocol.clone(),
    };
    let mut classic = ClassicGroup::from_value(value, change.now);
    for (id, member) in staying() {
        let protocols = side(member).map(|side| side.protocols.clone()).unwrap_or_default();
        classic.set_protocols(id, protocols);
    }
    classic
}

fn side(member: &ModernMember) -> Option<&ClassicSide> {
    member.profile.classic.as_ref()
}
