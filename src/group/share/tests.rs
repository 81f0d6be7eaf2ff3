//! What a share group writes when members and topics come and go, next to what Kafka 4.2 was seen to write.

use super::super::modern::{CatalogTopic, TopicCatalog};
use super::super::records::{GroupRecord, TopicIdPartitions};
use super::super::state::{GroupKind, Groups};
use super::ShareJoin;
use crate::types::{ErrorCode, PartitionId, TimestampMs, Uuid};

const G: &str = "sg";
const DEMO: Uuid = Uuid([1; 16]);
const OTHER: Uuid = Uuid([2; 16]);

fn catalog(demo: i32) -> TopicCatalog {
    let topic = |id, partition_count| CatalogTopic { id, partition_count };
    let topics = [("demo".to_owned(), topic(DEMO, demo)), ("other".to_owned(), topic(OTHER, 1))];
    TopicCatalog::new(i64::from(demo), topics)
}

fn join(member: &str) -> ShareJoin {
    ShareJoin {
        member_id: member.to_owned(),
        client_id: "console-share-consumer".to_owned(),
        client_host: "/127.0.0.1".to_owned(),
        topics: vec!["demo".to_owned()],
    }
}

fn partitions(list: &[TopicIdPartitions]) -> String {
    let numbers = list.iter().flat_map(|one| one.partitions.iter().map(|p| p.0.to_string()));
    numbers.collect::<Vec<_>>().join(",")
}

/// Records as a short text each: the number of the type and what matters.
fn shown(records: &[GroupRecord]) -> Vec<String> {
    let one = |record: &GroupRecord| {
        let what = match record {
            GroupRecord::Group { value: Some(group), .. } => {
                format!("epoch {}{}", group.epoch, if group.metadata_hash == 0 { " hash 0" } else { "" })
            }
            GroupRecord::TargetEpoch { value: Some(epoch), .. } => format!("epoch {epoch}"),
            GroupRecord::Target { member, value: Some(target), .. } => {
                format!("{member} {}", partitions(target))
            }
            GroupRecord::Current { member, value: Some(current), .. } => {
                let (epoch, before) = (current.member_epoch, current.previous_member_epoch);
                format!("{member} {before}>{epoch} {}", partitions(&current.assigned))
            }
            GroupRecord::ShareMember { member, value: Some(profile), .. } => {
                format!("{member} {}", profile.topics.join(","))
            }
            GroupRecord::ShareTopics { value: Some(topics), .. } => {
                let list = |list: &[super::super::records::ShareTopic]| {
                    list.iter()
                        .map(|t| format!("{}:{}", t.name, t.partitions.len()))
                        .collect::<Vec<_>>()
                        .join(",")
                };
                format!(
                    "[{}] [{}] [{}]",
                    list(&topics.initializing),
                    list(&topics.initialized),
                    list(&topics.deleting)
                )
            }
            GroupRecord::Current { member, .. }
            | GroupRecord::Target { member, .. }
            | GroupRecord::ShareMember { member, .. } => format!("{member} -"),
            _ => "-".to_owned(),
        };
        format!("{} {what}", record.key_type())
    };
    records.iter().map(one).collect()
}

/// Every record decoded from its bytes adds up to the same group.
fn replayed(log: &[GroupRecord]) -> Groups {
    let mut groups = Groups::default();
    for record in log {
        let encoded = record.encode().unwrap();
        groups.replay(Some(&encoded.key), encoded.value.as_deref(), TimestampMs(0)).unwrap();
    }
    groups
}

#[test]
fn the_first_member_writes_what_kafka_writes() {
    let (mut groups, catalog) = (Groups::default(), catalog(2));
    let joined = groups.share_join(G, &join("a"), &catalog).unwrap();
    let expected = ["10 a demo", "11 epoch 1", "13 a ", "12 epoch 1", "14 a 0>1 ", "15 [demo:2] [] []"];
    assert_eq!(shown(&joined), expected);
    assert_eq!(groups.share_heartbeat(G, "a", &catalog), Ok(Vec::new()), "nothing is set up yet");
    assert_eq!(shown(&groups.share_initialised(G)), ["15 [] [demo:2] []"]);
    assert!(groups.share_initialised(G).is_empty());
    let given = groups.share_heartbeat(G, "a", &catalog).unwrap();
    assert_eq!(shown(&given), ["11 epoch 2", "13 a 0,1", "12 epoch 2", "14 a 1>2 0,1"]);
    assert!(groups.share_heartbeat(G, "a", &catalog).unwrap().is_empty());
    let left = groups.share_remove(G, |id| id == "a", &catalog);
    assert_eq!(shown(&left), ["14 a -", "13 a -", "10 a -", "11 epoch 3 hash 0"]);
    // What is set up stays so for the next one.
    let again = groups.share_join(G, &join("b"), &catalog).unwrap();
    let expected = ["10 b demo", "11 epoch 4", "13 b 0,1", "12 epoch 4", "14 b 0>4 0,1"];
    assert_eq!(shown(&again), expected);
    assert!(groups.share_join(G, &join("b"), &catalog).unwrap().is_empty(), "nothing new is said");
    assert_eq!(groups.share_heartbeat(G, "a", &catalog), Err(ErrorCode::UnknownMemberId));
}

#[test]
fn members_share_and_take_over() {
    let (mut groups, catalog) = (Groups::default(), catalog(2));
    let mut log = groups.share_join(G, &join("a"), &catalog).unwrap();
    log.extend(groups.share_initialised(G));
    log.extend(groups.share_heartbeat(G, "a", &catalog).unwrap());
    let second = groups.share_join(G, &join("b"), &catalog).unwrap();
    assert_eq!(shown(&second), ["10 b demo", "11 epoch 3", "13 a 0", "13 b 1", "12 epoch 3", "14 b 0>3 1"]);
    log.extend(second);
    let told = groups.share_heartbeat(G, "a", &catalog).unwrap();
    assert_eq!(shown(&told), ["14 a 2>3 0"]);
    log.extend(told);
    let gone = groups.share_remove(G, |id| id == "a", &catalog);
    assert_eq!(shown(&gone), ["14 a -", "13 a -", "10 a -", "11 epoch 4"]);
    log.extend(gone);
    let taken = groups.share_heartbeat(G, "b", &catalog).unwrap();
    assert_eq!(shown(&taken), ["13 b 0,1", "12 epoch 4", "14 b 3>4 0,1"]);
    log.extend(taken);
    let (before, after) = (groups.share(G).unwrap(), replayed(&log));
    let after = after.share(G).unwrap();
    assert_eq!(format!("{before:?}"), format!("{after:?}"));
    assert_eq!((before.epoch(), before.target_epoch(), before.members().count()), (4, 4, 1));
    assert_eq!(before.member("b").unwrap().epoch, 4);
}

#[test]
fn new_partitions_are_set_up_and_shared_out() {
    let mut groups = Groups::default();
    groups.share_join(G, &join("a"), &catalog(1)).unwrap();
    groups.share_initialised(G);
    groups.share_heartbeat(G, "a", &catalog(1)).unwrap();
    let grown = groups.share_heartbeat(G, "a", &catalog(2)).unwrap();
    assert_eq!(shown(&grown), ["11 epoch 3", "12 epoch 3", "14 a 2>3 0", "15 [demo:1] [demo:1] []"]);
    assert_eq!(shown(&groups.share_initialised(G)), ["15 [] [demo:2] []"]);
    let given = groups.share_heartbeat(G, "a", &catalog(2)).unwrap();
    assert_eq!(shown(&given), ["11 epoch 4", "13 a 0,1", "12 epoch 4", "14 a 3>4 0,1"]);
}

#[test]
fn offsets_are_set_and_taken_away_in_an_empty_group() {
    let (mut groups, catalog) = (Groups::default(), catalog(2));
    let demo = (DEMO, "demo".to_owned(), vec![PartitionId(0), PartitionId(1)]);
    let (records, epoch) = groups.share_reset(G, std::slice::from_ref(&demo)).unwrap();
    assert_eq!((shown(&records), epoch), (vec!["15 [demo:2] [] []".to_owned()], 0));
    let initialised = groups.share_initialised(G);
    assert_eq!(shown(&initialised), ["15 [] [demo:2] []"]);
    let other = (OTHER, "other".to_owned(), vec![PartitionId(0)]);
    let one = (DEMO, "demo".to_owned(), vec![PartitionId(1)]);
    let (records, _) = groups.share_reset(G, &[other, one]).unwrap();
    assert_eq!(shown(&records), ["15 [other:1,demo:1] [demo:2] []"]);
    assert_eq!(shown(&groups.share_initialised(G)), ["15 [] [demo:2,other:1] []"]);
    let begun = groups.share_begin_deleting(G, &[DEMO]).unwrap();
    assert_eq!(shown(&begun), ["15 [] [other:1] [demo:0]"]);
    assert_eq!(shown(&groups.share_deleted(G, &[DEMO])), ["15 [] [other:1] []"]);
    assert_eq!(groups.share_begin_deleting(G, &[DEMO]), None);
    groups.share_join(G, &join("a"), &catalog).unwrap();
    assert_eq!(groups.share_reset(G, &[demo]).unwrap_err().code, ErrorCode::GroupNotEmpty);
    groups.share_remove(G, |_| true, &catalog);
    assert_eq!(shown(&groups.delete(G).unwrap()), ["12 -", "15 -", "11 -"]);
    assert!(groups.get(G).is_none());
}

#[test]
fn a_group_of_another_kind_is_refused() {
    let (mut groups, catalog) = (Groups::default(), catalog(2));
    groups.get_or_insert(G);
    assert!(matches!(groups.get(G).unwrap().kind, GroupKind::OffsetsOnly));
    let refused = groups.share_join(G, &join("a"), &catalog).unwrap_err();
    assert_eq!(
        (refused.code, refused.message.as_str()),
        (ErrorCode::GroupIdNotFound, "Group sg is not a share group.")
    );
    assert!(groups.share_remove(G, |_| true, &catalog).is_empty());
}
