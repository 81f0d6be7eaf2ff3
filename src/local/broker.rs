//! One broker's log directory: `meta.properties` and how a directory is made.

use super::error::{Error, Result};
use crate::disk;
use crate::types::{BrokerId, Uuid};
use std::path::{Path, PathBuf};

const META: &str = "meta.properties";

/// A log directory and whose it is.
#[derive(Clone, Debug)]
pub(super) struct Broker {
    pub(super) id: BrokerId,
    pub(super) dir: PathBuf,
    pub(super) cluster_id: String,
    pub(super) directory_id: Uuid,
}

impl Broker {
    /// Reads a directory's `meta.properties`; `None` where there is none.
    pub(super) fn read(dir: &Path) -> Result<Option<Broker>> {
        let path = dir.join(META);
        let Some(text) = disk::read_text(&path)? else { return Ok(None) };
        let value = |key: &str| {
            let lines = text.lines().filter(|line| !line.starts_with('#'));
            lines
                .filter_map(|line| line.split_once('='))
                .find(|(k, _)| k.trim() == key)
                .map(|(_, v)| v.trim())
        };
        let missing = |what: &str| Error::Metadata { path: path.clone(), what: format!("no usable {what}") };
        let id = value("node.id").or_else(|| value("broker.id")).and_then(|id| id.parse().ok());
        let directory_id = value("directory.id").and_then(|id| id.parse().ok());
        Ok(Some(Broker {
            id: BrokerId(id.ok_or_else(|| missing("node.id"))?),
            dir: dir.to_owned(),
            cluster_id: value("cluster.id").ok_or_else(|| missing("cluster.id"))?.to_owned(),
            directory_id: directory_id.unwrap_or(Uuid::ZERO),
        }))
    }

    /// Who a directory without a usable `meta.properties` may belong to, by its name.
    pub(super) fn guess(dir: &Path) -> Broker {
        let name = dir.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let number = name.strip_prefix("broker-").and_then(|number| number.parse().ok());
        let (cluster_id, directory_id) = (String::new(), Uuid::ZERO);
        Broker { id: BrokerId(number.unwrap_or(-1)), dir: dir.to_owned(), cluster_id, directory_id }
    }

    /// Writes `meta.properties` as Kafka's storage tool does.
    pub(super) fn write(&self) -> Result<()> {
        let Broker { id, dir, cluster_id, directory_id } = self;
        let text =
            format!("#\n#\nnode.id={id}\ndirectory.id={directory_id}\nversion=1\ncluster.id={cluster_id}\n");
        Ok(disk::replace(&dir.join(META), text.as_bytes())?)
    }

    pub(super) fn metadata_dir(&self) -> PathBuf {
        self.dir.join("__cluster_metadata-0")
    }

    pub(super) fn checkpoint(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}
