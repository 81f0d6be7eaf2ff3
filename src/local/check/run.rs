//! The check of a whole site: every file of every broker's directory that is there.

use super::broker_files;
use super::checkpoint_text::{self, Line};
use super::contents::Contents;
use super::live;
use super::metadata;
use crate::client;
use crate::disk;
use crate::local::broker::Broker;
use crate::local::cluster::Cluster;
use crate::local::error::{Error, Result};
use crate::local::open::data_brokers;
use crate::local::paths::{COORDINATION, Coordination};
use crate::local::site::{self, Layout, Logs, Site, partition_name};
use crate::log::Notes;
use crate::log::check::{
    Circumstances, Depth, Finding, Findings, Fix, Published, Report, Severity, check_partition,
};
use crate::metadata::{Image, Record};
use crate::types::{BrokerId, LeaderEpoch, Offset, PartitionId, TopicPartition, Uuid};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const RECOVERY: &str = "recovery-point-offset-checkpoint";
const WATERMARKS: &str = "replication-offset-checkpoint";
pub(super) const STARTS: &str = "log-start-offset-checkpoint";
const CLEANED: &str = "cleaner-offset-checkpoint";
pub(super) const CHECKPOINTS: [&str; 4] = [RECOVERY, WATERMARKS, STARTS, CLEANED];
const METADATA: &str = "__cluster_metadata";

/// What is to be checked, and how.
pub(crate) struct Request<'a> {
    pub(crate) site: Site,
    /// Whether a topic is to be looked at; everything else is left out if not all are.
    pub(crate) topics: Option<&'a dyn Fn(&str) -> bool>,
    pub(crate) depth: Depth,
}

/// What was looked at, and what was found.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) findings: Vec<Finding>,
    pub(crate) directory_count: u64,
    pub(crate) partition_count: u64,
    pub(crate) batch_count: u64,
    pub(crate) record_count: u64,
    pub(crate) bytes: u64,
}

/// A broker's directory with what its checkpoints say.
pub(super) struct Directory<'a> {
    pub(super) broker: &'a Broker,
    pub(super) coordination: Option<&'a Coordination>,
    /// By file name.
    checkpoints: BTreeMap<&'static str, Option<Vec<Line>>>,
    /// Whether a running broker holds it.
    is_held: bool,
}

/// A partition's directory.
pub(super) struct Replica {
    pub(super) dir: PathBuf,
    pub(super) topic: String,
    pub(super) partition: PartitionId,
}

/// What the metadata log says that the image doesn't.
#[derive(Default)]
struct History {
    registrations: BTreeMap<BrokerId, BTreeSet<i64>>,
    newest: Option<LeaderEpoch>,
}

/// Checks a site. `tell` is called with how many partitions are done, of how many.
pub(crate) fn check(request: &Request<'_>, tell: &mut dyn FnMut(u64, u64)) -> client::Result<Checked> {
    Ok(run(request, tell)?)
}

fn run(request: &Request<'_>, tell: &mut dyn FnMut(u64, u64)) -> Result<Checked> {
    check_opened(&Opened::of(&request.site)?, request, tell)
}

/// The directories of a site, with where each one's locks are, and what their metadata says.
pub(super) struct Opened {
    pub(super) logs: Logs,
    pub(super) coordination: Vec<Option<Coordination>>,
    pub(super) image: Image,
    /// Whether they are brokers' own, not kt's.
    pub(super) is_a_brokers: bool,
}

impl Opened {
    pub(super) fn of(site: &Site) -> Result<Opened> {
        let (logs, coordination, is_a_brokers) = match Layout::of(site)? {
            Layout::Logs(logs) => {
                let beside = |broker: &Broker| site::coordination_beside(&broker.dir).ok();
                let coordination = logs.brokers.iter().map(beside).collect();
                (logs, coordination, true)
            }
            Layout::Data(dir) => {
                let brokers = data_brokers(&dir)?;
                if brokers.is_empty() {
                    let what = "no broker's directory is there".into();
                    return Err(Error::NotADataDirectory { path: dir, what });
                }
                let coordination =
                    brokers.iter().map(|_| Some(Coordination::new(dir.join(COORDINATION)))).collect();
                (Logs { brokers, problems: Vec::new() }, coordination, false)
            }
        };
        // What can't be read of them the check finds.
        let readable = Logs { brokers: logs.brokers.clone(), problems: Vec::new() };
        let image = Cluster::open_read_only(readable, Notes::default())?.with_image(Clone::clone)?;
        Ok(Opened { logs, coordination, image, is_a_brokers })
    }
}

pub(super) fn check_opened(
    opened: &Opened,
    request: &Request<'_>,
    tell: &mut dyn FnMut(u64, u64),
) -> Result<Checked> {
    let Opened { logs, coordination, image, .. } = opened;
    let mut findings = Findings::default();
    let mut checked = Checked { directory_count: logs.brokers.len() as u64, ..Checked::default() };
    let mut listed: Vec<(Directory<'_>, Vec<Replica>)> = Vec::new();
    for (broker, coordination) in logs.brokers.iter().zip(coordination) {
        let directory = Directory::read(broker, coordination.as_ref(), &mut findings);
        let replicas = directory.replicas(request, &mut findings);
        listed.push((directory, replicas));
    }
    let total = listed.iter().map(|(_, replicas)| replicas.len() as u64).sum();
    let mut history = History::default();
    for (directory, replicas) in &listed {
        let mut reports = BTreeMap::new();
        for replica in replicas {
            tell(checked.partition_count, total);
            let report = directory.check(replica, request.depth, image, &mut history, &mut findings);
            checked.partition_count += 1;
            checked.batch_count += report.batch_count;
            checked.record_count += report.record_count;
            checked.bytes += report.bytes;
            reports.insert(replica.key(), report);
        }
        if request.topics.is_none() {
            directory.check_checkpoints(&reports, &mut findings);
        }
    }
    if request.topics.is_none() {
        for (directory, _) in &listed {
            directory.check_files(image, &history, &mut findings);
        }
        check_missing(&listed, image, &mut findings);
    }
    tell(total, total);
    checked.findings = findings.into_all();
    Ok(checked)
}

impl Replica {
    pub(super) fn key(&self) -> TopicPartition {
        TopicPartition { topic: self.topic.clone(), partition: self.partition }
    }
}

impl<'a> Directory<'a> {
    pub(super) fn read(
        broker: &'a Broker,
        coordination: Option<&'a Coordination>,
        findings: &mut Findings,
    ) -> Directory<'a> {
        let checkpoints =
            CHECKPOINTS.map(|name| (name, checkpoint_text::read(&broker.checkpoint(name), findings)));
        let is_held = disk::is_range_locked_exclusively(&broker.dir.join(".lock"));
        Directory { broker, coordination, checkpoints: checkpoints.into(), is_held }
    }

    /// The partitions that are here, by name.
    pub(super) fn replicas(&self, request: &Request<'_>, findings: &mut Findings) -> Vec<Replica> {
        let dir = &self.broker.dir;
        let mut entries = match disk::list(dir) {
            Ok(entries) => entries,
            Err(e) => {
                findings.file(Severity::Error, dir, e, "nothing in it can be read", Fix::None);
                return Vec::new();
            }
        };
        entries.sort();
        if request.topics.is_none() {
            broker_files::check_names(dir, &entries, findings);
        }
        let partitions = entries.iter().filter(|entry| entry.is_dir);
        let replicas = partitions.filter_map(|entry| {
            let (topic, number) = partition_name(&entry.name)?;
            let wanted = request.topics.is_none_or(|wanted| wanted(topic));
            let (topic, partition) = (topic.to_owned(), PartitionId(number));
            wanted.then(|| Replica { dir: dir.join(&entry.name), topic, partition })
        });
        replicas.collect()
    }

    fn line(&self, name: &str, replica: &Replica) -> Option<Offset> {
        let lines = self.checkpoints.get(name)?.as_ref()?;
        let is = |line: &&Line| {
            line.partition.topic == replica.topic && line.partition.partition == replica.partition
        };
        lines.iter().find(is).map(|line| line.offset)
    }

    fn check(
        &self,
        replica: &Replica,
        depth: Depth,
        image: &Image,
        history: &mut History,
        findings: &mut Findings,
    ) -> Report {
        let is_metadata = replica.topic == METADATA;
        let topic = image.topics().get(&replica.topic);
        let state = topic.and_then(|topic| topic.partition(replica.partition));
        let topic_id = if is_metadata { Some(Uuid::METADATA_TOPIC) } else { topic.map(|topic| topic.id()) };
        if state.is_none() && !is_metadata {
            let what = "the metadata knows no such partition";
            let meaning = "it was deleted, or the metadata lacks its newest records";
            findings.file(Severity::Warning, &replica.dir, what, meaning, Fix::None);
        }
        let published = self.published(replica, topic_id);
        let how = self.circumstances(replica, image, published, depth);
        let contents = Contents::of(&replica.topic);
        let report =
            check_partition(&replica.dir, &how, findings, |header, batch, file, position, findings| {
                if is_metadata {
                    history.newest = Some(header.leader_epoch());
                }
                contents.check(header, batch, (file, position), findings, |record| history.see(record));
            });
        if is_metadata {
            metadata::check_snapshots(&replica.dir, findings, |record| history.see(record));
            metadata::check_quorum(&replica.dir, image, history.newest, findings);
        }
        report.unwrap_or_else(|e| {
            findings.file(Severity::Error, &replica.dir, e, "its records can't be read", Fix::None);
            Report::default()
        })
    }

    /// What is known of a partition from elsewhere.
    pub(super) fn circumstances(
        &self,
        replica: &Replica,
        image: &Image,
        published: Option<Published>,
        depth: Depth,
    ) -> Circumstances {
        let topic = image.topics().get(&replica.topic);
        let state = topic.and_then(|topic| topic.partition(replica.partition));
        let is_metadata = replica.topic == METADATA;
        Circumstances {
            topic_id: if is_metadata { Some(Uuid::METADATA_TOPIC) } else { topic.map(|topic| topic.id()) },
            leader_epoch: state.map(|state| state.leader_epoch),
            gaps_below: self.line(CLEANED, replica).unwrap_or(Offset::ZERO),
            log_start: self.line(STARTS, replica).unwrap_or(Offset::ZERO),
            published,
            depth,
            asked: [RECOVERY, WATERMARKS].iter().filter_map(|name| self.line(name, replica)).collect(),
        }
    }

    fn published(&self, replica: &Replica, topic_id: Option<Uuid>) -> Option<Published> {
        if self.is_held {
            return live::published_by_broker(&replica.dir);
        }
        let state = self.coordination?.partition(topic_id?, replica.partition);
        live::published_by_kt(&state, &replica.dir)
    }

    /// Holds the checkpoint files against the logs.
    fn check_checkpoints(&self, reports: &BTreeMap<TopicPartition, Report>, findings: &mut Findings) {
        for (name, lines) in &self.checkpoints {
            let path = self.broker.checkpoint(name);
            for line in lines.iter().flatten() {
                let wrong = match reports.get(&line.partition) {
                    None => self.is_deleted(&line.partition).then_some(()).map_or_else(
                        || Some(format!("line {}: no partition {} is here", line.number, line.partition)),
                        |()| None,
                    ),
                    Some(report) if report.is_damaged => None,
                    Some(report) => wrong_offset(name, line, report),
                };
                if let Some(what) = wrong {
                    let meaning = "a broker that starts here recovers more than it needs to, or less";
                    findings.file(Severity::Warning, &path, what, meaning, Fix::Rebuild);
                }
            }
        }
    }

    /// Whether what is left of a deleted partition is still here.
    fn is_deleted(&self, partition: &TopicPartition) -> bool {
        let prefix = format!("{partition}.");
        let entries = disk::list(&self.broker.dir).unwrap_or_default();
        entries.iter().any(|entry| entry.name.starts_with(&prefix) && entry.name.ends_with("-delete"))
    }

    fn check_files(&self, image: &Image, history: &History, findings: &mut Findings) {
        broker_files::check_meta(self.broker, image, findings);
        let mut epochs = history.registrations.get(&self.broker.id).cloned().unwrap_or_default();
        epochs.extend(image.brokers().get(&self.broker.id).map(|registration| registration.epoch));
        broker_files::check_clean_shutdown(self.broker, &epochs, findings);
        metadata::check_bootstrap(&self.broker.dir, findings);
    }
}

impl History {
    fn see(&mut self, record: Record) {
        if let Record::RegisterBroker(registration) = record {
            self.registrations.entry(registration.broker).or_default().insert(registration.epoch);
        }
    }
}

/// What is wrong with an offset in a checkpoint.
pub(super) fn wrong_offset(name: &str, line: &Line, report: &Report) -> Option<String> {
    let Line { partition, offset, number } = line;
    let (first, end) = (report.first, report.end);
    let right = match name {
        STARTS => (first..=end).contains(offset) && *offset > first || *offset == end,
        // The cleaner goes from segment to segment.
        CLEANED => *offset <= end,
        _ => report.boundaries.contains(offset) || *offset < first.max(report.gaps_below),
    };
    (!right).then(|| {
        format!("line {number}: offset {offset} of {partition}, whose log goes from {first} to {end}")
    })
}

/// All directories of one broker.
#[derive(Default)]
struct Home<'a> {
    directories: Vec<&'a Path>,
    partitions: BTreeSet<(&'a str, PartitionId)>,
}

/// Notes the partitions that the metadata says are here and are not.
fn check_missing(listed: &[(Directory<'_>, Vec<Replica>)], image: &Image, findings: &mut Findings) {
    let mut homes: BTreeMap<BrokerId, Home<'_>> = BTreeMap::new();
    for (directory, replicas) in listed {
        let home = homes.entry(directory.broker.id).or_default();
        home.directories.push(&directory.broker.dir);
        home.partitions.extend(replicas.iter().map(|replica| (replica.topic.as_str(), replica.partition)));
    }
    for (broker, home) in homes {
        let Some(registration) = image.brokers().get(&broker) else { continue };
        // Of a broker with several disks, those that were not given may have it.
        if registration.log_dirs.len() > home.directories.len() {
            continue;
        }
        let dir = home.directories.first().copied().unwrap_or(Path::new(""));
        for topic in image.topics().sorted() {
            let its = topic.partitions().filter(|(_, state)| state.replicas.contains(&broker));
            for (id, _) in its.filter(|(id, _)| !home.partitions.contains(&(topic.name(), *id))) {
                findings.file(
                    Severity::Error,
                    &dir.join(format!("{}-{id}", topic.name())),
                    "it is missing, and the metadata says that it is here",
                    "the partition's records are gone from this broker",
                    Fix::None,
                );
            }
        }
    }
}
