//! The records that were taken and are not settled yet: which of them may be handed over next, and how far each partition
//! is done. Pure: time is an argument.
//!
//! A partition's records lie in a lane, in their order. However they are worked on, they are settled from the front of
//! their lane only: what is committed has nothing unfinished before it.

use super::failing::Failing;
use super::record::OwnedRecord;
use crate::types::{Offset, TopicPartition};
use std::collections::{HashSet, VecDeque};
use std::rc::Rc;
use std::time::Instant;

/// How many records are held at most, if nothing else is said (Kafka's `max.poll.records`).
pub(super) const RECORDS_MAX: usize = 500;
/// No further record is taken beyond this.
const BYTES_MAX: usize = 16 * 1024 * 1024;

/// Tells a record from every other one of the run; later ones have greater numbers.
pub(super) type Ticket = u64;

/// Which record of a lane may be handed over while others of it are not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// None: one after another.
    Partition,
    /// Any whose key no unfinished earlier one has; those without a key are free.
    Key,
    /// The next, as long as no earlier one waits to be handed over again.
    Pipeline,
}

/// What is left to be done with a record before its offset may be committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Product {
    Nothing,
    /// The value of a record for the output topic.
    Output(Vec<u8>),
    /// The record itself goes to the dead letters.
    Letter(Failing),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    HandedOver,
    Resting { until: Instant },
    Done(Product),
}

/// A record and how far it is.
#[derive(Debug)]
pub(super) struct Entry {
    ticket: Ticket,
    pub(super) record: OwnedRecord,
    /// How often it has been handed over.
    pub(super) attempts: u32,
    state: State,
}

impl Entry {
    pub(super) fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// What has come of it, if it is done.
    pub(super) fn product(&self) -> Option<&Product> {
        match &self.state {
            State::Done(product) => Some(product),
            _ => None,
        }
    }
}

/// The records of a partition.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) partition: Rc<TopicPartition>,
    entries: VecDeque<Entry>,
    /// Behind the last record that was settled.
    settled: Option<Offset>,
    /// Nothing more of it is handed over.
    is_closed: bool,
}

impl Lane {
    /// The done records at the front.
    pub(super) fn done(&self) -> impl Iterator<Item = (&Entry, &Product)> {
        self.entries.iter().map_while(|entry| Some((entry, entry.product()?)))
    }

    /// The first record that is not settled.
    pub(super) fn front(&self) -> Option<&Entry> {
        self.entries.front()
    }

    /// The first record that is not done.
    pub(super) fn first_undone(&self) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.product().is_none())
    }

    /// Where the group's offset may stand: before the first record that is not settled.
    pub(super) fn position(&self) -> Option<Offset> {
        self.front().map(|entry| entry.record.offset).or(self.settled)
    }

    fn next(&self, order: Order, now: Instant) -> Option<Ticket> {
        let mut busy: HashSet<&[u8]> = HashSet::new();
        for entry in self.entries.iter().filter(|_| !self.is_closed) {
            let may_start = match &entry.state {
                State::Done(_) => continue,
                State::Waiting => true,
                State::Resting { until } => *until <= now,
                State::HandedOver if order == Order::Pipeline => continue,
                State::HandedOver => false,
            };
            match (order, entry.record.key.as_deref()) {
                (Order::Key, Some(key)) if busy.contains(key) => {}
                _ if may_start => return Some(entry.ticket),
                (Order::Key, Some(key)) => {
                    busy.insert(key);
                }
                (Order::Key, None) => {}
                _ => return None,
            }
        }
        None
    }
}

/// All lanes.
#[derive(Debug)]
pub(super) struct Window {
    lanes: Vec<Lane>,
    order: Order,
    next_ticket: Ticket,
    records_max: usize,
    count: usize,
    size_bytes: usize,
}

impl Window {
    pub(super) fn new(order: Order, records_max: usize) -> Window {
        Window { lanes: Vec::new(), order, next_ticket: 0, records_max, count: 0, size_bytes: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether there is nothing that is still to be done.
    pub(super) fn is_all_done(&self) -> bool {
        self.lanes.iter().all(|lane| lane.first_undone().is_none())
    }

    /// Whether no further record should be taken.
    pub(super) fn is_full(&self) -> bool {
        self.count >= self.records_max || self.size_bytes >= BYTES_MAX
    }

    pub(super) fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    /// The name of the partition as its lane has it.
    pub(super) fn partition(
        &mut self,
        topic: &str,
        partition: crate::types::PartitionId,
    ) -> Rc<TopicPartition> {
        let known = self
            .lanes
            .iter()
            .find(|lane| lane.partition.partition == partition && lane.partition.topic == topic);
        match known {
            Some(lane) => Rc::clone(&lane.partition),
            None => {
                let partition = Rc::new(TopicPartition { topic: topic.to_owned(), partition });
                let lane = Lane {
                    partition: Rc::clone(&partition),
                    entries: VecDeque::new(),
                    settled: None,
                    is_closed: false,
                };
                self.lanes.push(lane);
                partition
            }
        }
    }

    /// Takes the next record of its partition.
    pub(super) fn push(&mut self, record: OwnedRecord) {
        let (ticket, size_bytes) = (self.next_ticket, record.size_bytes());
        if let Some(lane) = self.lane_mut(&record.partition.clone()) {
            lane.entries.push_back(Entry { ticket, record, attempts: 0, state: State::Waiting });
            self.next_ticket += 1;
            self.count += 1;
            self.size_bytes += size_bytes;
        }
    }

    /// The record that may be handed over next: of all that may, the one that was taken first.
    pub(super) fn next(&self, now: Instant) -> Option<Ticket> {
        self.lanes.iter().filter_map(|lane| lane.next(self.order, now)).min()
    }

    /// Whether a record is with a command, in one of `partitions` if there are any.
    pub(super) fn is_busy(&self, partitions: Option<&[TopicPartition]>) -> bool {
        let lanes =
            self.lanes.iter().filter(|lane| partitions.is_none_or(|these| these.contains(&lane.partition)));
        lanes.flat_map(|lane| &lane.entries).any(|entry| entry.state == State::HandedOver)
    }

    /// When the next record has rested long enough.
    pub(super) fn next_rested(&self) -> Option<Instant> {
        let resting = |entry: &Entry| match entry.state {
            State::Resting { until } => Some(until),
            _ => None,
        };
        let lanes = self.lanes.iter().filter(|lane| !lane.is_closed);
        lanes.flat_map(|lane| &lane.entries).filter_map(resting).min()
    }

    pub(super) fn entry(&self, ticket: Ticket) -> Option<&Entry> {
        let found = |lane: &Lane| lane.entries.binary_search_by_key(&ticket, |entry| entry.ticket).ok();
        self.lanes.iter().find_map(|lane| lane.entries.get(found(lane)?))
    }

    fn entry_mut(&mut self, ticket: Ticket) -> Option<&mut Entry> {
        self.lanes.iter_mut().find_map(|lane| {
            let at = lane.entries.binary_search_by_key(&ticket, |entry| entry.ticket).ok()?;
            lane.entries.get_mut(at)
        })
    }

    /// A record is being handed over.
    pub(super) fn hand_over(&mut self, ticket: Ticket) {
        if let Some(entry) = self.entry_mut(ticket) {
            entry.attempts += 1;
            entry.state = State::HandedOver;
        }
    }

    /// A record that was handed over was not looked at: this attempt doesn't count.
    pub(super) fn take_back(&mut self, ticket: Ticket) {
        if let Some(entry) = self.entry_mut(ticket) {
            entry.attempts = entry.attempts.saturating_sub(1);
            entry.state = State::Waiting;
        }
    }

    /// A record is to be handed over again.
    pub(super) fn rest(&mut self, ticket: Ticket, until: Instant) {
        if let Some(entry) = self.entry_mut(ticket) {
            entry.state = State::Resting { until };
        }
    }

    /// A record is done, or has come to something else than was said before.
    pub(super) fn finish(&mut self, ticket: Ticket, product: Product) {
        if let Some(entry) = self.entry_mut(ticket) {
            let output_bytes =
                |product: &Product| if let Product::Output(value) = product { value.len() } else { 0 };
            let (before, after) = (entry.product().map_or(0, output_bytes), output_bytes(&product));
            entry.state = State::Done(product);
            self.size_bytes = (self.size_bytes + after).saturating_sub(before);
        }
    }

    /// Lets go of the first record of a partition, if it is done.
    pub(super) fn settle(&mut self, partition: &TopicPartition) {
        let Some(lane) = self.lane_mut(partition) else { return };
        if lane.front().is_none_or(|entry| entry.product().is_none()) {
            return;
        }
        let Some(entry) = lane.entries.pop_front() else { return };
        lane.settled = Some(entry.record.offset.next());
        self.forget(&entry);
    }

    /// Hands over nothing more of these partitions.
    pub(super) fn close(&mut self, partitions: &[TopicPartition]) {
        self.lanes
            .iter_mut()
            .filter(|lane| partitions.contains(&lane.partition))
            .for_each(|lane| lane.is_closed = true);
    }

    /// Forgets these partitions. What comes of their records that are with a command will be of no account. Says how many
    /// were not done.
    pub(super) fn drop_lanes(&mut self, partitions: &[TopicPartition]) -> u64 {
        let (gone, kept) = std::mem::take(&mut self.lanes)
            .into_iter()
            .partition(|lane: &Lane| partitions.contains(&lane.partition));
        self.lanes = kept;
        let gone: Vec<Lane> = gone;
        let entries = || gone.iter().flat_map(|lane| &lane.entries);
        entries().for_each(|entry| self.forget(entry));
        entries().filter(|entry| entry.product().is_none()).count() as u64
    }

    fn forget(&mut self, entry: &Entry) {
        let output_bytes = if let Some(Product::Output(value)) = entry.product() { value.len() } else { 0 };
        self.count = self.count.saturating_sub(1);
        self.size_bytes = self.size_bytes.saturating_sub(entry.record.size_bytes() + output_bytes);
    }

    fn lane_mut(&mut self, partition: &TopicPartition) -> Option<&mut Lane> {
        self.lanes.iter_mut().find(|lane| *lane.partition == *partition)
    }
}

#[cfg(test)]
mod tests {
    use super::super::failing::How;
    use super::super::record::record;
    use super::*;
    use crate::types::PartitionId;
    use std::time::Duration;

    fn window(order: Order, records: &[(i32, i64, Option<&[u8]>)]) -> Window {
        let mut window = Window::new(order, 4);
        for &(partition, offset, key) in records {
            let partition_name = window.partition("t", PartitionId(partition));
            let mut record = record(partition, offset, key);
            record.partition = partition_name;
            window.push(record);
        }
        window
    }

    fn partition(number: i32) -> TopicPartition {
        TopicPartition { topic: "t".to_owned(), partition: PartitionId(number) }
    }

    /// Everything that may be handed over at once.
    fn all_next(window: &mut Window, now: Instant) -> Vec<Ticket> {
        std::iter::from_fn(|| {
            let ticket = window.next(now)?;
            window.hand_over(ticket);
            Some(ticket)
        })
        .collect()
    }

    #[test]
    fn each_order_lets_go_ahead_what_it_may() {
        let records = [(0, 0, Some(&b"a"[..])), (0, 1, Some(b"a")), (0, 2, None), (1, 9, Some(b"a"))];
        let now = Instant::now();
        for (order, expected) in
            [(Order::Partition, &[0, 3][..]), (Order::Key, &[0, 2, 3]), (Order::Pipeline, &[0, 1, 2, 3])]
        {
            let mut window = window(order, &records);
            assert!(window.is_full());
            assert_eq!(all_next(&mut window, now), expected, "{order:?}");
            // The rest of a failed record holds up what must come after it.
            let until = now + Duration::from_secs(1);
            window.rest(0, until);
            assert!(all_next(&mut window, now).is_empty(), "{order:?}");
            assert_eq!(window.next_rested(), Some(until));
            assert_eq!(window.next(until), Some(0));
            window.finish(0, Product::Nothing);
            let next = if order == Order::Pipeline { None } else { Some(1) };
            assert_eq!(window.next(now), next, "{order:?}");
        }
    }

    #[test]
    fn a_lane_is_settled_from_its_front_alone() {
        let mut window = window(Order::Key, &[(0, 5, None), (0, 6, None), (0, 9, None), (1, 1, None)]);
        let position = |window: &Window| window.lanes()[0].position().unwrap().get();
        assert_eq!(all_next(&mut window, Instant::now()), [0, 1, 2, 3]);
        window.finish(1, Product::Output(vec![0; 100]));
        window.settle(&partition(0));
        assert_eq!((position(&window), window.lanes()[0].done().count()), (5, 0));
        window.finish(0, Product::Nothing);
        assert_eq!(window.lanes()[0].done().count(), 2);
        window.settle(&partition(0));
        window.settle(&partition(0));
        window.settle(&partition(0));
        assert_eq!(position(&window), 9);
        let failing = Failing { how: How::Answered, message: Vec::new() };
        window.finish(2, Product::Letter(failing));
        window.settle(&partition(0));
        assert_eq!(position(&window), 10);
        assert!(!window.is_empty());
        window.drop_lanes(&[partition(1)]);
        assert!(window.is_empty() && window.size_bytes == 0 && window.entry(3).is_none());
    }

    #[test]
    fn an_attempt_that_was_none_is_not_counted() {
        let mut window = window(Order::Partition, &[(0, 0, None)]);
        let now = Instant::now();
        window.hand_over(0);
        window.take_back(0);
        assert_eq!((window.next(now), window.entry(0).unwrap().attempts), (Some(0), 0));
        window.hand_over(0);
        assert!(window.is_busy(Some(&[partition(0)])) && !window.is_busy(Some(&[partition(1)])));
        assert_eq!(window.entry(0).unwrap().attempts, 1);
        window.take_back(0);
        window.close(&[partition(0)]);
        assert_eq!(window.next(now), None);
        // What comes of a record that is gone is of no account.
        window.finish(77, Product::Nothing);
        assert_eq!(window.lanes()[0].first_undone().map(|entry| entry.record.offset), Some(Offset::ZERO));
    }
}
