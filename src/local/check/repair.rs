//! `kt check --repair`: each partition under its lock, then the broker's own files. Whatever is replaced is kept beside the
//! data directory's `.kt`, which may be deleted, and not in it.

use super::checkpoint_text::{self, Line};
use super::run::{self, Checked, Directory, Opened, Replica, Request, STARTS};
use crate::client;
use crate::disk::{self, FileLock, SharedRangeLock};
use crate::local::broker::Broker;
use crate::local::cluster::METADATA_CONFIG;
use crate::local::error::{Error, Result};
use crate::local::topic::OpenTopic;
use crate::log::check::{Aside, Findings, Fix, Report, repair_partition};
use crate::log::{self, LogConfig};
use crate::metadata::Image;
use crate::types::{BrokerId, TopicName, TopicPartition, Uuid, now_ms};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a repair has done.
#[derive(Debug)]
pub(crate) struct Repaired {
    /// Before anything was done.
    pub(crate) found: Checked,
    /// As it is now.
    pub(crate) left: Checked,
    /// Where what was replaced is kept.
    pub(crate) aside: Vec<PathBuf>,
}

/// Checks a site, sets right what can be, and checks it again.
pub(crate) fn repair(request: &Request<'_>, tell: &mut dyn FnMut(u64, u64)) -> client::Result<Repaired> {
    Ok(run(request, tell)?)
}

fn run(request: &Request<'_>, tell: &mut dyn FnMut(u64, u64)) -> Result<Repaired> {
    let opened = Opened::of(&request.site)?;
    if let Some(broker) =
        opened.logs.brokers.first().filter(|_| opened.is_a_brokers && !request.site.writable)
    {
        return Err(Error::BrokersOwn { path: broker.dir.clone() });
    }
    let found = run::check_opened(&opened, request, tell)?;
    let mut aside = Vec::new();
    if !found.findings.is_empty() {
        for place in 0..opened.logs.brokers.len() {
            aside.extend(repair_directory(&opened, place, request, &found)?);
        }
    }
    let left = run::check_opened(&Opened::of(&request.site)?, request, &mut |_, _| {})?;
    Ok(Repaired { found, left, aside })
}

/// Repairs one directory; answers where its things were put aside, if any were.
fn repair_directory(
    opened: &Opened,
    place: usize,
    request: &Request<'_>,
    found: &Checked,
) -> Result<Option<PathBuf>> {
    let (Some(broker), Some(coordination)) =
        (opened.logs.brokers.get(place), opened.coordination.get(place).and_then(Option::as_ref))
    else {
        return Ok(None);
    };
    disk::create_dirs(coordination.root())?;
    let mut ignored = Findings::default();
    let directory = Directory::read(broker, Some(coordination), &mut ignored);
    let replicas = directory.replicas(request, &mut ignored);
    // From here on nothing else opens the file: closing it would give the lock up.
    let lock = broker.dir.join(".lock");
    let Some(_lock) = SharedRangeLock::try_acquire(&lock)? else {
        return Err(Error::BrokerRuns { path: lock });
    };
    let name = broker.dir.file_name().unwrap_or_default();
    let beside = coordination.root().with_file_name(".kt-aside");
    let aside = Aside::new(beside.join(now_ms().0.to_string()).join(name), &broker.dir);
    for replica in &replicas {
        if found.findings.iter().any(|finding| finding.file.starts_with(&replica.dir)) {
            repair_replica(&directory, replica, &opened.image, &aside)?;
        }
    }
    if request.topics.is_none() {
        let whole = |finding: &&log::check::Finding| {
            finding.fix == Fix::AsideWhole && finding.file.parent() == Some(&broker.dir)
        };
        found.findings.iter().filter(whole).try_for_each(|finding| aside.move_away(&finding.file))?;
        repair_checkpoints(&directory, &replicas, &opened.image, found, &aside)?;
        repair_meta(broker, &opened.image, found, &aside)?;
    }
    Ok(aside.used().map(Path::to_owned))
}

fn repair_replica(directory: &Directory<'_>, replica: &Replica, image: &Image, aside: &Aside) -> Result<()> {
    let how = directory.circumstances(replica, image, None, log::check::Depth::Full);
    let id = how.topic_id.or(log::read_partition_metadata(&replica.dir).ok().flatten());
    let state =
        directory.coordination.and_then(|coordination| Some(coordination.partition(id?, replica.partition)));
    let lock = match &state {
        Some(path) => {
            path.parent().map_or(Ok(()), disk::create_dirs)?;
            Some(FileLock::acquire(path)?)
        }
        None => None,
    };
    let config = config_of(replica, image, directory.broker.id);
    let outcome = repair_partition(&replica.dir, &how, &config, aside);
    // Whoever appends next looks for the log's end anew, in the files that are there now.
    if let Some(lock) = &lock {
        lock.file().set_len(0)?;
    }
    outcome?;
    Ok(())
}

fn config_of(replica: &Replica, image: &Image, broker: BrokerId) -> LogConfig {
    let name = TopicName::new(&replica.topic).ok();
    let topic = name.and_then(|name| OpenTopic::of(image, &name, broker));
    topic.map_or(METADATA_CONFIG, |topic| topic.config.log)
}

/// Has the checkpoint files say only what is so. A partition that has no line is looked through by its broker.
fn repair_checkpoints(
    directory: &Directory<'_>,
    replicas: &[Replica],
    image: &Image,
    found: &Checked,
    aside: &Aside,
) -> Result<()> {
    let named = |name: &'static str| {
        let path = directory.broker.checkpoint(name);
        checkpoint_text::salvage(&path).map(|lines| (name, path, lines))
    };
    let all: Vec<(&str, PathBuf, Vec<Line>)> = run::CHECKPOINTS.into_iter().filter_map(named).collect();
    let mut reports: BTreeMap<TopicPartition, Report> = BTreeMap::new();
    for replica in replicas {
        let key = replica.key();
        let mut how = directory.circumstances(replica, image, None, log::check::Depth::Quick);
        let lines = all.iter().flat_map(|(_, _, lines)| lines).filter(|line| line.partition == key);
        how.asked.extend(lines.map(|line| line.offset));
        let mut ignored = Findings::default();
        let report = log::check::check_partition(&replica.dir, &how, &mut ignored, |_, _, _, _, _| {});
        reports.insert(key, report.unwrap_or_default());
    }
    for (name, path, mut lines) in all {
        let concerned = found.findings.iter().any(|finding| finding.file == path);
        let before = checkpoint_text::text(&lines);
        lines.retain(|line| {
            reports.get(&line.partition).is_some_and(|report| run::wrong_offset(name, line, report).is_none())
        });
        if concerned && name == STARTS {
            add_starts(&mut lines, replicas, &reports);
        }
        let after = checkpoint_text::text(&lines);
        if concerned || before != after {
            aside.keep(&path)?;
            disk::replace(&path, after.as_bytes())?;
        }
    }
    Ok(())
}

/// Where a log begins inside a segment, its leader epochs begin there too.
fn add_starts(lines: &mut Vec<Line>, replicas: &[Replica], reports: &BTreeMap<TopicPartition, Report>) {
    for replica in replicas {
        let key = replica.key();
        let Some(report) = reports.get(&key).filter(|_| !lines.iter().any(|line| line.partition == key))
        else {
            continue;
        };
        let first = log::LeaderEpochs::read(&replica.dir).ok().and_then(|epochs| epochs.start());
        if let Some(start) = first.filter(|&start| start > report.first && start <= report.end) {
            lines.push(Line { partition: key, offset: start, number: 0 });
        }
    }
}

/// Writes `meta.properties` anew, if all that it says is known from elsewhere or still stands in it.
fn repair_meta(broker: &Broker, image: &Image, found: &Checked, aside: &Aside) -> Result<()> {
    let path = broker.dir.join("meta.properties");
    if !found.findings.iter().any(|finding| finding.file == path) {
        return Ok(());
    }
    let text = disk::read_text(&path)?.unwrap_or_default();
    let value = |key: &str| {
        text.lines()
            .find_map(|line| line.split_once('=').filter(|(known, _)| *known == key))
            .map(|(_, value)| value)
    };
    let uuid = |text: &str| text.parse().ok().filter(|id: &Uuid| id.to_string() == text);
    let id = value("node.id").and_then(|id| id.parse().ok()).map(BrokerId);
    let id =
        id.filter(|id| image.brokers().contains_key(id)).or_else(|| only(image.brokers().keys().copied()));
    let Some(id) = id else { return Ok(()) };
    let registered = image.brokers().get(&id).map(|broker| broker.log_dirs.as_slice()).unwrap_or_default();
    let directory_id = value("directory.id").and_then(uuid).filter(|id| registered.contains(id));
    let directory_id = directory_id.or_else(|| only(registered.iter().copied()));
    let (Some(directory_id), Some(cluster_id)) = (directory_id, value("cluster.id").and_then(uuid)) else {
        return Ok(());
    };
    aside.keep(&path)?;
    Broker { id, dir: broker.dir.clone(), cluster_id: cluster_id.to_string(), directory_id }.write()
}

fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next();
    if items.next().is_some() { None } else { first }
}
