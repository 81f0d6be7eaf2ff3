//! The newer protocol (KIP-848), alone and with members of the classic one in the group.

use super::member::{
    ILLEGAL_GENERATION, Member, REBALANCE_IN_PROGRESS, UNKNOWN_MEMBER_ID, feed, group, parts, text, topic,
    with_topic,
};
use crate::support::{Served, Wire, wait_until};
use kafka_protocol::messages::consumer_group_heartbeat_request::TopicPartitions;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{
    ConsumerGroupDescribeRequest, ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse,
    MetadataRequest,
};
use std::collections::BTreeMap;

/// A client of the newer protocol.
struct Modern {
    wire: Wire,
    group: &'static str,
    id: &'static str,
    epoch: i32,
    has: Vec<i32>,
}

impl Modern {
    fn new(server: &Served, group: &'static str, id: &'static str) -> Modern {
        Modern { wire: server.connect(), group, id, epoch: 0, has: Vec::new() }
    }

    fn request(&self) -> ConsumerGroupHeartbeatRequest {
        ConsumerGroupHeartbeatRequest::default()
            .with_group_id(group(self.group))
            .with_member_id(text(self.id))
            .with_member_epoch(self.epoch)
            .with_rebalance_timeout_ms(-1)
    }

    fn take(&mut self, answer: &ConsumerGroupHeartbeatResponse) -> i16 {
        if answer.error_code == 0 {
            self.epoch = answer.member_epoch;
            if let Some(assignment) = &answer.assignment {
                let topics = assignment.topic_partitions.iter();
                self.has = topics.flat_map(|topic| topic.partitions.clone()).collect();
            }
        }
        answer.error_code
    }

    fn join(&mut self) -> i16 {
        self.epoch = 0;
        let request = self
            .request()
            .with_rebalance_timeout_ms(60_000)
            .with_subscribed_topic_names(Some(vec![topic("t")]))
            .with_topic_partitions(Some(Vec::new()));
        let answer = self.wire.call(1, &request);
        self.take(&answer)
    }

    /// A heartbeat that says what it was told to have.
    fn beat(&mut self, topic_id: uuid::Uuid) -> i16 {
        let has = TopicPartitions::default().with_topic_id(topic_id).with_partitions(self.has.clone());
        let has = if self.has.is_empty() { Vec::new() } else { vec![has] };
        let answer = self.wire.call(1, &self.request().with_topic_partitions(Some(has)));
        self.take(&answer)
    }

    fn leave(&mut self) -> i16 {
        self.epoch = -1;
        let answer = self.wire.call(1, &self.request());
        self.take(&answer)
    }
}

fn topic_id(server: &Served) -> uuid::Uuid {
    let wanted = MetadataRequestTopic::default().with_name(Some(topic("t")));
    let request = MetadataRequest::default().with_topics(Some(vec![wanted]));
    server.connect().call(12, &request).topics[0].topic_id
}

#[test]
fn members_of_the_newer_protocol_share_and_hand_over() {
    let kt = with_topic(2);
    let server = Served::start(&kt, "");
    let id = topic_id(&server);
    let (mut a, mut b) = (Modern::new(&server, "g", "a"), Modern::new(&server, "g", "b"));
    assert_eq!((a.join(), a.has.clone(), a.epoch), (0, vec![0, 1], 1));
    assert_eq!((b.join(), b.has.clone()), (0, vec![]));
    wait_until("the handover", || {
        assert_eq!((a.beat(id), b.beat(id)), (0, 0));
        a.has.len() == 1 && b.has.len() == 1
    });
    assert_ne!(a.has, b.has);
    let described = a.wire.call(1, &ConsumerGroupDescribeRequest::default().with_group_ids(vec![group("g")]));
    assert_eq!((described.groups[0].error_code, described.groups[0].members.len()), (0, 2));
    assert_eq!(described.groups[0].members[0].member_type, 1);
    assert_eq!(b.leave(), 0);
    wait_until("what is free", || a.beat(id) == 0 && a.has.len() == 2);
    b.epoch = 7;
    assert_eq!(b.beat(id), UNKNOWN_MEMBER_ID);
    // A member of the shell comes, and is killed.
    let shell =
        kt.start("consume --topic t --group g --from-beginning --command-property group.protocol=consumer");
    wait_until("the shell's member", || a.beat(id) == 0 && a.has.len() == 1);
    assert_eq!(a.beat(id), 0, "it has let go of the other one");
    feed(&kt);
    shell.wait_for_line(&format!("p{}", 1 - a.has[0]));
    shell.kill();
    wait_until("its end", || a.beat(id) == 0 && a.has.len() == 2);
}

#[test]
fn members_of_both_protocols_share_a_group_and_part_again() {
    let kt = with_topic(2);
    let server = Served::start(&kt, "");
    let id = topic_id(&server);
    let mut classic = Member::new(&server, "g");
    classic.protocol = "cooperative-sticky";
    classic.join(&[]);
    let mut has = classic.sync(&parts(&[(&classic, &[0, 1])])).unwrap();
    let mut modern = Modern::new(&server, "g", "m");
    assert_eq!((modern.join(), modern.has.clone()), (0, vec![]));
    // The classic member finds out by its heartbeats, joins and syncs until everyone has what they shall have.
    wait_until("the shares", || {
        if classic.beat() == REBALANCE_IN_PROGRESS {
            let joined = classic.join(&has);
            assert_eq!((joined.error_code, joined.members.len(), joined.leader.as_str()), (0, 0, ""));
            has = classic.sync(&BTreeMap::new()).unwrap();
        }
        assert_eq!(modern.beat(id), 0);
        assert!(!modern.has.iter().any(|partition| has.contains(partition)), "{:?} {has:?}", modern.has);
        modern.has.len() == 1 && has.len() == 1
    });
    assert_eq!((classic.commit(has[0], 3), classic.beat()), (0, 0));
    assert_eq!(modern.leave(), 0);
    // The group is a classic one again: its member joins anew.
    let code = classic.beat();
    assert!([REBALANCE_IN_PROGRESS, ILLEGAL_GENERATION].contains(&code), "{code}");
    assert_eq!(classic.join(&[]).leader.as_str(), classic.id);
    assert_eq!(classic.sync(&parts(&[(&classic, &[0, 1])])), Ok(vec![0, 1]));
}
