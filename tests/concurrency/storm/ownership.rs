//! Who owns which partition, told from the journal: no partition has two owners at one moment.
//!
//! A member owns a partition from its line `assigned` to its line `revoked` or `lost`, or to the test's line that it is
//! killed. A member that was stopped may be taken for dead: then its ownership has ended while it was stopped, and its own
//! line comes late.

use super::journal::{Deed, Event, Member};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
struct Known {
    is_dead: bool,
    has_joined: bool,
    /// It has been stopped since it was last given something, or is replaced: the group may go on without it.
    may_be_out: bool,
    /// It has been stopped since it last said anything. What it says next, it may have learnt before.
    may_be_late: bool,
    /// Another process has been started with its static id. What it may still be given before that one joins, that one
    /// takes over.
    is_replaced: bool,
}

/// The owners at a moment.
#[derive(Default)]
pub(super) struct Ownership {
    members: BTreeMap<Member, Known>,
    owners: BTreeMap<usize, Member>,
    /// What members don't own any more that have not said so yet.
    late: BTreeSet<(Member, usize)>,
    /// What members were given before they were stopped and said after others had it. They read nothing of it.
    stale: BTreeSet<(Member, usize)>,
    /// Members that were taken for dead though nothing had been done to them.
    slow: usize,
}

impl Ownership {
    /// Takes the next event; says what is wrong with it.
    pub(super) fn follow(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::Test(deed, member) => self.suffer(*deed, *member),
            Event::Assigned(member, partitions) => return self.take(*member, partitions),
            Event::Revoked(member, partitions) => return self.let_go(*member, partitions),
            Event::Lost(member, partitions) => {
                let known = self.members.entry(*member).or_default();
                self.slow += usize::from(!known.may_be_out && !known.is_dead);
                return self.let_go(*member, partitions);
            }
            Event::Record { member, partition, .. } => return self.deliver(*member, *partition),
            Event::Said(_) => {}
        }
        Ok(())
    }

    fn suffer(&mut self, deed: Deed, member: Member) {
        let known = self.members.entry(member).or_default();
        match deed {
            Deed::Kill => {
                known.is_dead = true;
                self.owners.retain(|_, owner| *owner != member);
                self.late.retain(|(late, _)| *late != member);
                self.stale.retain(|(stale, _)| *stale != member);
            }
            Deed::Stop => (known.may_be_out, known.may_be_late) = (true, true),
            Deed::Replace => (known.may_be_out, known.is_replaced) = (true, true),
            Deed::Terminate | Deed::Continue => {}
        }
    }

    fn take(&mut self, member: Member, partitions: &[usize]) -> Result<(), String> {
        let known = self.members.entry(member).or_default();
        if known.is_dead {
            return Ok(());
        }
        let may_be_late = std::mem::take(&mut known.may_be_late);
        (known.has_joined, known.may_be_out) = (true, known.is_replaced || may_be_late);
        for partition in partitions {
            let former = self.owners.get(partition).copied();
            if former == Some(member) {
                return Err(format!("m{member} is given partition {partition}, which it has"));
            }
            match former.filter(|former| !self.members.get(former).is_some_and(|known| known.may_be_out)) {
                Some(_) if may_be_late => {
                    self.stale.insert((member, *partition));
                    continue;
                }
                Some(former) => {
                    return Err(format!("partition {partition} is m{former}'s and m{member}'s at once"));
                }
                None => self.late.extend(former.map(|former| (former, *partition))),
            }
            self.owners.insert(*partition, member);
        }
        Ok(())
    }

    fn let_go(&mut self, member: Member, partitions: &[usize]) -> Result<(), String> {
        let known = self.members.entry(member).or_default();
        known.may_be_late = false;
        if known.is_dead {
            return Ok(());
        }
        for partition in partitions {
            let its = (member, *partition);
            let was_late = self.late.remove(&its) || self.stale.remove(&its);
            if !was_late && self.owners.remove(partition) != Some(member) {
                return Err(format!("m{member} lets go of partition {partition}, which it doesn't have"));
            }
        }
        Ok(())
    }

    fn deliver(&self, member: Member, partition: usize) -> Result<(), String> {
        let owns = self.owners.get(&partition) == Some(&member) || self.late.contains(&(member, partition));
        if owns || self.is_dead(member) {
            return Ok(());
        }
        Err(format!("m{member} delivers a record of partition {partition}, which it doesn't have"))
    }

    fn is_dead(&self, member: Member) -> bool {
        self.members.get(&member).is_some_and(|known| known.is_dead)
    }

    /// What a member has, or still believes it has.
    pub(super) fn of(&self, member: Member) -> Vec<usize> {
        let owned =
            self.owners.iter().filter(|(_, owner)| **owner == member).map(|(partition, _)| *partition);
        let late = self.late.iter().chain(&self.stale).filter(|(late, _)| *late == member);
        owned.chain(late.map(|late| late.1)).collect()
    }

    /// The owners of the partitions that have one, in order of partitions.
    pub(super) fn owners(&self) -> impl Iterator<Item = Member> {
        self.owners.values().copied()
    }

    /// Whether a member has been in the group, and nothing was done to it since that could have taken it out.
    pub(super) fn is_settled(&self, member: Member) -> bool {
        self.members.get(&member).is_some_and(|known| known.has_joined && !known.may_be_out)
    }

    /// How often a member was taken for dead to which nothing had been done.
    pub(super) fn slow(&self) -> usize {
        self.slow
    }
}

#[test]
fn two_owners_are_seen_and_late_lines_of_the_stopped_are_not_taken_for_it() {
    let mut all = Ownership::default();
    all.follow(&Event::Assigned(1, vec![0, 1])).unwrap();
    assert!(all.follow(&Event::Assigned(2, vec![1])).is_err());
    let mut all = Ownership::default();
    all.follow(&Event::Assigned(1, vec![0])).unwrap();
    all.follow(&Event::Test(Deed::Stop, 1)).unwrap();
    all.follow(&Event::Assigned(2, vec![0])).unwrap();
    all.follow(&Event::Test(Deed::Continue, 1)).unwrap();
    assert_eq!((all.of(1), all.of(2), all.owners().collect()), (vec![0], vec![0], vec![2]));
    all.follow(&Event::Lost(1, vec![0])).unwrap();
    assert!(all.deliver(1, 0).is_err() && all.deliver(2, 0).is_ok());
    all.follow(&Event::Test(Deed::Kill, 2)).unwrap();
    all.follow(&Event::Assigned(3, vec![0])).unwrap();
    assert_eq!(all.slow(), 0);
    all.follow(&Event::Lost(3, vec![0])).unwrap();
    assert_eq!(all.slow(), 1);
    assert!(all.follow(&Event::Revoked(3, vec![0])).is_err());
}

#[test]
fn a_replaced_member_that_is_given_something_is_still_about_to_be_out() {
    let mut all = Ownership::default();
    all.follow(&Event::Assigned(1, vec![0])).unwrap();
    all.follow(&Event::Revoked(1, vec![0])).unwrap();
    all.follow(&Event::Test(Deed::Replace, 1)).unwrap();
    all.follow(&Event::Assigned(1, vec![0])).unwrap();
    all.follow(&Event::Assigned(2, vec![0])).unwrap();
    all.follow(&Event::Revoked(1, vec![0])).unwrap();
    assert_eq!(all.of(2), [0]);
}

#[test]
fn what_a_stopped_member_was_given_before_and_says_late_it_does_not_read() {
    let mut all = Ownership::default();
    all.follow(&Event::Test(Deed::Stop, 1)).unwrap();
    all.follow(&Event::Assigned(2, vec![0])).unwrap();
    all.follow(&Event::Test(Deed::Continue, 1)).unwrap();
    all.follow(&Event::Assigned(1, vec![0])).unwrap();
    assert_eq!((all.of(1), all.of(2), all.owners().collect()), (vec![0], vec![0], vec![2]));
    assert!(all.deliver(1, 0).is_err() && all.deliver(2, 0).is_ok());
    all.follow(&Event::Lost(1, vec![0])).unwrap();
    assert!(all.follow(&Event::Assigned(1, vec![0])).is_err());
}
