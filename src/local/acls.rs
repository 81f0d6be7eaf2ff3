//! Admin calls about access control entries, and the entries as decisions need them. Whether they are enforced is up to who
//! serves the directory: commands that work on it ask nobody.

use super::cluster::Cluster;
use super::error;
use crate::acl::AclIndex;
use crate::client::Result;
use crate::metadata::{self, AccessControlEntryRecord, AclEntries};
use crate::types::Uuid;
use crate::types::acl::{AclBinding, AclFilter};
use std::sync::{Arc, PoisonError};

/// The entries of one moment and their index.
#[derive(Default)]
pub(super) struct CachedAcls {
    entries: Arc<AclEntries>,
    index: Arc<AclIndex>,
}

impl Cluster {
    /// The access control entries as they are now, arranged for decisions; made anew only when they have changed.
    pub(crate) fn acls(&self) -> error::Result<Arc<AclIndex>> {
        let entries = self.with_image(|image| Arc::clone(image.acls()))?;
        let mut cached = self.shared.acls.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&cached.entries, &entries) {
            let index = AclIndex::new(entries.values().filter_map(AccessControlEntryRecord::binding));
            *cached = CachedAcls { entries, index: Arc::new(index) };
        }
        Ok(Arc::clone(&cached.index))
    }
}

pub(super) fn describe(cluster: &Cluster, filter: &AclFilter) -> Result<Vec<AclBinding>> {
    let entries = cluster.with_image(|image| Arc::clone(image.acls()))?;
    let bindings = entries.values().filter_map(AccessControlEntryRecord::binding);
    let mut matching: Vec<AclBinding> = bindings.filter(|binding| filter.matches(binding)).collect();
    matching.sort_unstable();
    Ok(matching)
}

pub(super) fn create(cluster: &Cluster, bindings: &[AclBinding]) -> Result<Vec<Result<()>>> {
    let outcomes = cluster.update(|image| Ok(metadata::create_acls(image, bindings, Uuid::random)))?;
    Ok(outcomes.into_iter().map(|outcome| Ok(outcome?)).collect())
}

pub(super) fn delete(cluster: &Cluster, filters: &[AclFilter]) -> Result<Vec<Vec<AclBinding>>> {
    cluster.update(|image| Ok(metadata::delete_acls(image, filters)))
}
