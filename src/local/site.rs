//! `Site`: the directories that a command was given, and what they are: kt's data directory, or the log directories of
//! brokers.
//!
//! A directory that itself has a broker's files in it belongs to that broker: it is only read, unless the user says
//! otherwise. So are several of them, which are looked at as one cluster; two with the same node.id are one broker with
//! two disks. Everything else is a data directory of kt's, whose one broker kt acts for; that a real Kafka ran on that
//! broker's directory in between changes nothing.

use super::broker::Broker;
use super::error::{Error, Result};
use super::paths::{COORDINATION, Coordination};
use crate::disk;
use crate::types::TopicName;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What a command line says of where the cluster is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    /// At least one.
    pub(crate) directories: Vec<PathBuf>,
    /// Whether a broker's own directory may be written to.
    pub(crate) writable: bool,
}

impl Site {
    /// One directory, a broker's only to be read.
    #[cfg(test)]
    pub(crate) fn of(directory: &Path) -> Site {
        Site { directories: vec![directory.to_owned()], writable: false }
    }
}

/// What is there.
#[derive(Debug)]
pub(super) enum Layout {
    /// kt's data directory; it may have to be made.
    Data(PathBuf),
    /// The log directories of brokers.
    Logs(Logs),
}

/// Directories of brokers, and what was found wrong with them.
#[derive(Debug, Default)]
pub(super) struct Logs {
    /// At least one.
    pub(super) brokers: Vec<Broker>,
    pub(super) problems: Vec<String>,
}

impl Layout {
    /// Looks at the directories of a site.
    pub(super) fn of(site: &Site) -> Result<Layout> {
        if let [only] = site.directories.as_slice()
            && !is_log_directory(only)
        {
            let inner = inner_directories(only)?;
            let names_kt = inner.iter().all(|dir| name_of(dir).starts_with("broker-"));
            // One whose meta.properties can't be read is not one to write to.
            let readable = inner.first().is_none_or(|dir| matches!(Broker::read(dir), Ok(Some(_))));
            if inner.len() < 2 && names_kt && readable {
                return Ok(Layout::Data(only.clone()));
            }
        }
        let mut logs = Logs::default();
        for directory in &site.directories {
            if is_log_directory(directory) {
                logs.add(directory);
                continue;
            }
            let inner = inner_directories(directory)?;
            if inner.is_empty() {
                logs.problems.push(format!("{}: no broker's log directory is here", directory.display()));
            }
            inner.iter().for_each(|directory| logs.add(directory));
        }
        if logs.brokers.is_empty() {
            let path = site.directories.first().cloned().unwrap_or_default();
            return Err(Error::NotADataDirectory { path, what: "no broker's log directory is there".into() });
        }
        logs.compare_clusters();
        Ok(Layout::Logs(logs))
    }
}

impl Logs {
    fn add(&mut self, directory: &Path) {
        let real = disk::canonical(directory).unwrap_or_else(|_| directory.to_owned());
        let known = |broker: &Broker| disk::canonical(&broker.dir).is_ok_and(|other| other == real);
        if self.brokers.iter().any(known) {
            return;
        }
        let broker = match Broker::read(directory) {
            Ok(Some(broker)) => broker,
            Ok(None) => {
                let missing = "not there; whose directory this is can only be guessed";
                self.problems.push(format!("{}: {missing}", directory.join("meta.properties").display()));
                Broker::guess(directory)
            }
            Err(e) => {
                self.problems.push(format!("{e}; whose directory this is can only be guessed"));
                Broker::guess(directory)
            }
        };
        self.brokers.push(broker);
    }

    /// Directories of two clusters don't add up to one.
    fn compare_clusters(&mut self) {
        let Some(first) = self.brokers.iter().find(|broker| !broker.cluster_id.is_empty()) else { return };
        for other in &self.brokers {
            if !other.cluster_id.is_empty() && other.cluster_id != first.cluster_id {
                self.problems.push(format!(
                    "{}: of cluster {}, while {} is of cluster {}",
                    other.dir.display(),
                    other.cluster_id,
                    first.dir.display(),
                    first.cluster_id
                ));
            }
        }
    }
}

/// Where the locks and the live state of a broker's own directory are: beside it, never in it, for Kafka refuses to start on
/// a log directory with a directory in it that is no partition's. That is the `.kt/` of the data directory which it lies
/// in; of two names that a directory has by a symlink, the one under which kt has worked before. Each of several that lie
/// side by side has a place of its own in it: who writes to one knows nothing of the others.
pub(super) fn coordination_beside(directory: &Path) -> Result<Coordination> {
    let absolute = disk::absolute(directory)?;
    let real = disk::canonical(directory)?;
    let beside = |path: &Path| path.parent().map(|parent| parent.join(COORDINATION));
    let (given, real) = (beside(&absolute), beside(&real));
    let root = given.filter(|root| root.is_dir()).or(real);
    let root = root.ok_or_else(|| Error::NotADataDirectory {
        path: directory.to_owned(),
        what: "it has no directory above it, where kt's locks would be".into(),
    })?;
    Ok(match disk::canonical(directory)?.file_name() {
        Some(name) if has_siblings(&root) => Coordination::new(root.join("brokers").join(name)),
        _ => Coordination::new(root),
    })
}

/// Whether more than one log directory lies where `.kt/` does.
fn has_siblings(root: &Path) -> bool {
    let inner = root.parent().and_then(|parent| inner_directories(parent).ok()).unwrap_or_default();
    let distinct: BTreeSet<PathBuf> = inner.iter().filter_map(|dir| disk::canonical(dir).ok()).collect();
    distinct.len() > 1
}

/// Whether a directory is a broker's: it says so, or has a log in it.
fn is_log_directory(directory: &Path) -> bool {
    if directory.join("meta.properties").exists() {
        return true;
    }
    let entries = disk::list(directory).unwrap_or_default();
    let is_partition = |entry: &disk::Entry| {
        entry.is_dir
            && partition_name(&entry.name).is_some()
            && crate::log::segments(&directory.join(&entry.name)).is_ok_and(|segments| !segments.is_empty())
    };
    entries.iter().any(is_partition)
}

/// The log directories right below a directory, by name. One that isn't there has none.
fn inner_directories(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut entries = match disk::list(directory) {
        Ok(entries) => entries,
        Err(e) if e.is_not_found() => return Ok(Vec::new()),
        Err(e) => return Err(e.into()),
    };
    entries.retain(|entry| entry.is_dir && !entry.name.starts_with('.'));
    entries.sort();
    let paths = entries.iter().map(|entry| directory.join(&entry.name));
    Ok(paths.filter(|path| is_log_directory(path)).collect())
}

/// The topic and the number in the name of a partition's directory: the last '-' splits them.
pub(super) fn partition_name(name: &str) -> Option<(&str, i32)> {
    let (topic, number) = name.rsplit_once('-')?;
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let partition = number.parse().ok().filter(|_| digits)?;
    TopicName::new(topic).is_ok().then_some((topic, partition))
}

fn name_of(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_partitions_are_split_at_the_last_dash() {
        assert_eq!(partition_name("a-b.c_d-12"), Some(("a-b.c_d", 12)));
        assert_eq!(partition_name("__cluster_metadata-0"), Some(("__cluster_metadata", 0)));
        for other in ["a", "a-", "-1", "a-x", "a-+1", "t-0.0123456789abcdef0123456789abcdef-delete"] {
            assert_eq!(partition_name(other), None, "{other}");
        }
    }

    #[test]
    fn one_directory_of_kt_is_told_from_several_of_brokers() {
        let dir = tempfile::tempdir().unwrap();
        let layout =
            |paths: &[PathBuf]| Layout::of(&Site { directories: paths.to_vec(), writable: false }).unwrap();
        let meta = |name: &str| {
            std::fs::create_dir_all(dir.path().join(name)).unwrap();
            let text = "node.id=1\ncluster.id=c\nversion=1\n";
            std::fs::write(dir.path().join(name).join("meta.properties"), text).unwrap();
        };
        let all = [dir.path().to_owned()];
        assert!(matches!(layout(&all), Layout::Data(_)), "empty");
        meta("broker-1");
        assert!(matches!(layout(&all), Layout::Data(_)), "one");
        assert!(matches!(layout(&[dir.path().join("broker-1")]), Layout::Logs(_)));
        meta("broker-2");
        let Layout::Logs(logs) = layout(&all) else { panic!("two") };
        assert_eq!(logs.brokers.len(), 2);
        let twice = [dir.path().join("broker-1"), dir.path().join("broker-2/../broker-1")];
        let Layout::Logs(logs) = layout(&twice) else { panic!("one, twice") };
        assert_eq!(logs.brokers.len(), 1);
    }
}
