//! `GroupMember`: a consumer's part in its group, from `join` to `leave`. Nothing is sent to it: it looks at what the
//! members share whenever that has changed, and does what it finds to be its turn.

use super::super::cluster::Cluster;
use super::classic;
use super::desk::Desk;
use super::heartbeat::{self, Ring};
use super::live::channels_of;
use super::settle::modern_limits;
use crate::client::{self, CommittedOffset, ConsumerConfig, GroupMetadata, GroupProtocol, Result};
use crate::disk::{Channels, SharedWord};
use crate::group::{ClassicClient, GroupKind, ModernClient, Step};
use crate::types::{ErrorCode, Offset, TopicPartition, Uuid};
use std::sync::Arc;

/// A member of a group. Dropping it is what a crash does.
pub(in crate::local) struct GroupMember {
    desk: Arc<Desk>,
    topics: Vec<String>,
    /// Its part in the classic protocol, if that is what it speaks.
    classic: Option<ClassicClient>,
    /// Its part in the newer protocol; one that speaks the classic one has it as long as it is a guest.
    modern: Option<ModernClient>,
    /// The number that changes with the group; `None` until the member has looked at a group that it has a place in.
    word: Option<Arc<SharedWord>>,
    /// What that was when it last looked.
    seen: u64,
    ring: Ring,
}

/// What a member asks of its group, on a directory.
pub(super) struct LocalSeat<'a> {
    pub(super) desk: &'a Arc<Desk>,
    pub(super) ring: &'a Ring,
}

impl GroupMember {
    /// Gets ready to join `group` as a consumer of `topics`; what comes of it, [`GroupMember::advance`] tells.
    pub(in crate::local) fn new(
        cluster: &Cluster,
        group: &str,
        config: &ConsumerConfig,
        topics: &[String],
    ) -> Result<GroupMember> {
        if group.is_empty() {
            return Err(client::Error::of(ErrorCode::InvalidGroupId));
        }
        let mut config = config.clone();
        let (mut classic, mut modern) = (None, None);
        match &config.protocol {
            GroupProtocol::Classic => classic = Some(classic::client(&config, topics)),
            GroupProtocol::Consumer { .. } => {
                config.session_timeout_ms = modern_limits(cluster, group)?.session_timeout_ms;
                let member_id = Uuid::random().to_string();
                modern = Some(ModernClient::new(member_id, config.instance_id.clone(), topics));
            }
        }
        let desk = Arc::new(Desk::open(cluster, group, &config)?);
        heartbeat::start(&desk)?;
        let (topics, ring) = (topics.to_vec(), Ring::default());
        Ok(GroupMember { desk, topics, classic, modern, word: None, seen: 0, ring })
    }

    /// Changes what the member subscribes to, or tells it that topics or partitions may have come or gone.
    pub(in crate::local) fn subscribe(&mut self, topics: &[String]) {
        self.topics = topics.to_vec();
        if let Some(classic) = &mut self.classic {
            classic.subscribe(topics);
        }
        if let Some(modern) = &mut self.modern {
            modern.subscribe(topics);
        }
    }

    /// The next thing to be done; `None` if there is nothing before something changes, which is cheap to find out.
    pub(in crate::local) fn advance(&mut self) -> Result<Option<Step>> {
        self.desk.at_work();
        if self.desk.was_silent() {
            self.desk.beat(false)?;
            self.look_again();
        }
        // By the time of the second look it may have gone to the other protocol and back again.
        let mut looks_twice = true;
        loop {
            if let Some(step) = self.next_step() {
                return Ok(Some(step));
            }
            if !self.has_news() && !self.looks_again() {
                return Ok(None);
            }
            self.seen = self.word.as_ref().map_or(0, |word| word.get());
            match self.take_turn() {
                Ok(true) => self.word = self.desk.word(),
                Ok(false) => {
                    self.word = self.desk.word();
                    return Ok(None);
                }
                Err(e)
                    if e.code == ErrorCode::InconsistentGroupProtocol
                        && (self.change_over()? || std::mem::take(&mut looks_twice)) =>
                {
                    self.word = None;
                }
                Err(e) => return Err(e),
            }
        }
    }

    fn next_step(&mut self) -> Option<Step> {
        match (&mut self.modern, &mut self.classic) {
            (Some(modern), _) => modern.next_step(),
            (None, classic) => classic.as_mut()?.next_step(),
        }
    }

    /// Whether there is a reason to look though the group has not changed.
    fn looks_again(&self) -> bool {
        match &self.modern {
            Some(modern) => modern.looks_again(),
            None => self.classic.as_ref().is_some_and(ClassicClient::looks_again),
        }
    }

    fn look_again(&mut self) {
        match (&mut self.modern, &mut self.classic) {
            (Some(modern), _) => modern.look_again(),
            (None, Some(classic)) => classic.look_again(),
            (None, None) => {}
        }
    }

    /// False if there is nothing to be done before something changes.
    fn take_turn(&mut self) -> Result<bool> {
        let mut seat = LocalSeat { desk: &self.desk, ring: &self.ring };
        match (&mut self.modern, &mut self.classic) {
            (Some(modern), _) => modern.take_turn(&mut seat),
            (None, Some(classic)) => classic.take_turn(&mut seat),
            (None, None) => Ok(false),
        }
    }

    /// A member of the classic protocol follows its group from one protocol to the other; false if it hasn't changed.
    fn change_over(&mut self) -> Result<bool> {
        let Some(classic) = &mut self.classic else { return Ok(false) };
        if self.modern.take().is_some() {
            self.desk.set_guest(None);
            classic.resume(self.desk.place().is_some());
            return Ok(true);
        }
        let GroupKind::Consumer(group) = self.desk.look()? else { return Ok(false) };
        if !group.has_members() {
            return Ok(false);
        }
        self.desk.set_guest(Some(classic::side(classic, &self.desk.config)?));
        let place = self.desk.place();
        if let Some(member) = place.and_then(|place| group.member(&place.member_id)) {
            self.desk.set_epoch(member.epoch());
        }
        self.modern = Some(classic::become_guest(classic, &self.desk, &self.topics)?);
        Ok(true)
    }

    /// To be asked after each record: whether the group has changed since the last step, so that none may be handed over
    /// before the next one.
    #[inline]
    pub(in crate::local) fn is_called(&self) -> bool {
        self.desk.at_work();
        self.has_news()
    }

    /// One look into memory.
    #[inline]
    fn has_news(&self) -> bool {
        self.word.as_ref().is_none_or(|word| word.get() != self.seen)
    }

    /// Says whether the consumer has nothing to do but wait.
    pub(in crate::local) fn set_idle(&self, idle: bool) {
        self.desk.set_idle(idle);
    }

    /// The offset that the group has committed of a partition; `UnstableOffsetCommit` while a transaction that is open may
    /// change it.
    pub(in crate::local) fn committed(&self, partition: &TopicPartition) -> Result<Option<Offset>> {
        self.desk.committed(partition)
    }

    /// Commits positions; they are on the disk when this returns.
    pub(in crate::local) fn commit(&self, positions: &[(TopicPartition, CommittedOffset)]) -> Result<()> {
        self.desk.commit(positions)
    }

    pub(in crate::local) fn metadata(&self) -> GroupMetadata {
        self.desk.metadata()
    }

    /// Leaves the group. A static member's place is kept for it until its session ends.
    pub(in crate::local) fn leave(&mut self) -> Result<()> {
        self.desk.leave()
    }

    /// What is notified when there may be something to do.
    pub(in crate::local) fn channels(&self) -> Channels {
        channels_of(&self.desk.group)
    }
}

impl Drop for GroupMember {
    fn drop(&mut self) {
        self.desk.abandon();
    }
}
