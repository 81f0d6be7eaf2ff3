//! The quorum that keeps the metadata: what the control records of its log say of it, and the Admin calls about it. The
//! log of a directory has one writer at a time, so the quorum of a directory is its leader. Source: KIP-595, KIP-853.

use super::cluster::Cluster;
use super::error::Result;
use crate::client::{self, QuorumDescription, QuorumReplica};
use crate::record::{BatchReader, ControlRecord, Endpoint, KRaftVoter};
use crate::types::{BrokerId, ErrorCode, Uuid, now_ms};
use std::ops::ControlFlow;

/// What the control records say.
#[derive(Clone, Debug, Default)]
pub(super) struct Quorum {
    leader: Option<BrokerId>,
    /// The voters that the newest leader has named.
    fixed: Vec<BrokerId>,
    /// From 1 on the voters stand in the log and can change.
    version: i16,
    voters: Vec<KRaftVoter>,
}

impl Quorum {
    /// A quorum that can change its members.
    pub(super) fn dynamic(voters: Vec<KRaftVoter>) -> Quorum {
        Quorum { version: 1, voters, ..Quorum::default() }
    }

    /// The level of `kraft.version`.
    pub(super) fn version(&self) -> i16 {
        self.version
    }

    /// What a snapshot must keep of it.
    pub(super) fn members(&self) -> Option<(i16, &[KRaftVoter])> {
        (self.version > 0).then_some((self.version, self.voters.as_slice()))
    }

    /// Takes a control batch of the log or of a snapshot; any other changes nothing.
    pub(super) fn replay(&mut self, batches: &mut BatchReader, batch: &[u8]) -> Result<()> {
        if !crate::record::BatchHeader::parse(batch)?.is_control() {
            return Ok(());
        }
        let mut failed = None;
        let _ = batches.for_each(batch, |record| match ControlRecord::decode(record.key, record.value) {
            Ok(record) => {
                self.take(record);
                ControlFlow::Continue(())
            }
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        })?;
        failed.map_or(Ok(()), |error| Err(error.into()))
    }

    fn take(&mut self, record: ControlRecord) {
        match record {
            ControlRecord::LeaderChange { leader_id, voters, .. } => {
                self.leader = Some(BrokerId(leader_id));
                self.fixed = voters.iter().map(|voter| BrokerId(voter.id)).collect();
            }
            ControlRecord::KRaftVersion { kraft_version, .. } => self.version = kraft_version,
            ControlRecord::KRaftVoters { voters, .. } => self.voters = voters,
            _ => {}
        }
    }
}

/// A member of the quorum and where it listens.
struct Member {
    id: BrokerId,
    directory_id: Uuid,
    endpoints: Vec<(String, String, u16)>,
}

pub(super) fn describe(cluster: &Cluster) -> Result<QuorumDescription> {
    let here = cluster.broker().id;
    cluster.with_metadata(|log| {
        let (quorum, end) = (log.quorum(), log.version());
        let now = now_ms();
        let replica = |member: Member| QuorumReplica {
            id: member.id,
            directory_id: member.directory_id,
            endpoints: member.endpoints,
            log_end: end,
            last_fetch: now,
            last_caught_up: now,
        };
        let members = members(quorum, log.image(), here);
        let observers = log.image().brokers().iter().filter(|(id, registration)| {
            !registration.fenced && !members.iter().any(|member| member.id == **id)
        });
        let observers = observers.map(|(&id, registration)| {
            let directory_id = registration.log_dirs.first().copied().unwrap_or(Uuid::ZERO);
            replica(Member { id, directory_id, endpoints: Vec::new() })
        });
        let observers = observers.collect();
        QuorumDescription {
            leader: quorum.leader.unwrap_or(here),
            leader_epoch: log.epoch(),
            high_watermark: end,
            voters: members.into_iter().map(replica).collect(),
            observers,
        }
    })
}

fn members(quorum: &Quorum, image: &crate::metadata::Image, here: BrokerId) -> Vec<Member> {
    if quorum.version > 0 {
        let member = |voter: &KRaftVoter| Member {
            id: BrokerId(voter.id),
            directory_id: voter.directory_id,
            endpoints: voter.endpoints.iter().map(|e| (e.name.clone(), e.host.clone(), e.port)).collect(),
        };
        return quorum.voters.iter().map(member).collect();
    }
    let fixed = if quorum.fixed.is_empty() { vec![here] } else { quorum.fixed.clone() };
    let member = |id: BrokerId| {
        let endpoints = image.controllers().get(&id).map(|controller| &controller.endpoints);
        let endpoints = endpoints.into_iter().flatten().map(|e| (e.name.clone(), e.host.clone(), e.port));
        Member { id, directory_id: Uuid::ZERO, endpoints: endpoints.collect() }
    };
    fixed.into_iter().map(member).collect()
}

/// Makes the quorum one that can change its members; they stay whom they are.
pub(super) fn upgrade(cluster: &Cluster) -> client::Result<()> {
    let broker = cluster.broker();
    cluster.coordination()?;
    let upgraded = cluster.with_metadata(|log| {
        let members = members(log.quorum(), log.image(), broker.id);
        let voter = |member: Member| KRaftVoter {
            id: member.id.0,
            directory_id: if member.id == broker.id { broker.directory_id } else { member.directory_id },
            endpoints: member
                .endpoints
                .into_iter()
                .map(|(name, host, port)| Endpoint { name, host, port })
                .collect(),
            min_supported_version: 0,
            max_supported_version: 1,
        };
        let voters: Vec<KRaftVoter> = members.into_iter().map(voter).collect();
        log.upgrade_quorum(&voters)
    })?;
    Ok(upgraded?)
}

/// Refuses: a controller that keeps up with the log must be running for it to be added.
pub(super) fn add_voter(cluster: &Cluster, id: BrokerId, directory_id: Uuid) -> client::Result<()> {
    check_version(cluster, "adding")?;
    let voters = describe(cluster)?.voters;
    Err(if voters.iter().any(|voter| voter.id == id) {
        let (key, set) = (key(id, directory_id), set(&voters));
        let message = format!("The voter id for {key} is already part of the set of voters {set}.");
        client::Error::new(ErrorCode::DuplicateVoter, message)
    } else {
        let message = format!("controller {id} is not running, so it can't be added");
        client::Error::new(ErrorCode::RequestTimedOut, message)
    })
}

/// Refuses: a directory's metadata has one voter, which can't be spared.
pub(super) fn remove_voter(cluster: &Cluster, id: BrokerId, directory_id: Uuid) -> client::Result<()> {
    if directory_id == Uuid::ZERO {
        let message = "Remove voter request didn't include a valid voter";
        return Err(client::Error::new(ErrorCode::InvalidRequest, message));
    }
    check_version(cluster, "removing")?;
    let set = set(&describe(cluster)?.voters);
    let message = format!("Cannot remove voter {} from the set of voters {set}", key(id, directory_id));
    Err(client::Error::new(ErrorCode::VoterNotFound, message))
}

/// A voter in Kafka's words.
fn key(id: BrokerId, directory_id: Uuid) -> String {
    format!("ReplicaKey(id={id}, directoryId={directory_id})")
}

fn set(voters: &[QuorumReplica]) -> String {
    let keys: Vec<String> = voters.iter().map(|voter| key(voter.id, voter.directory_id)).collect();
    format!("[{}]", keys.join(", "))
}

fn check_version(cluster: &Cluster, doing: &str) -> client::Result<()> {
    let version = cluster.with_metadata(|log| log.quorum().version())?;
    if version > 0 {
        return Ok(());
    }
    let message =
        format!("Cluster doesn't support {doing} voter because the kraft.version feature is {version}");
    Err(client::Error::new(ErrorCode::UnsupportedVersion, message))
}
