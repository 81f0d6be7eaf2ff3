//! Groups as they look from outside, for clients of the network: listed, described, deleted.

use super::super::log::Sync;
use super::super::settle::settle;
use super::super::view;
use super::facade::{NetworkGroups, code_of};
use crate::client::{self, GroupListing};
use crate::group::GroupKind;
use crate::types::ErrorCode;

impl NetworkGroups {
    /// All groups, by id.
    pub(crate) fn list(&self) -> client::Result<Vec<GroupListing>> {
        let mut listings = Vec::new();
        for shard in self.shared.shards()? {
            shard.with(|log| {
                log.refresh()?;
                for (id, group) in log.groups().iter() {
                    listings.extend(view::listing(&self.shared.cluster, log, id, group)?);
                }
                Ok(())
            })?;
        }
        listings.sort_by(|a: &GroupListing, b| a.group.cmp(&b.group));
        Ok(listings)
    }

    /// The group with the members that live; `None` if there is no such group.
    pub(crate) fn describe(&self, group: &str) -> Result<Option<GroupKind>, ErrorCode> {
        let described = match self.shared.shard(group) {
            Ok(Some(shard)) => shard.with(|log| {
                log.refresh()?;
                match log.groups().get(group) {
                    Some(known) => Ok(view::kind(&self.shared.cluster, log, group, known)?),
                    None => Ok(None),
                }
            }),
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        described.map_err(|error| code_of(&error))
    }

    /// Deletes a group that nobody is in, with its offsets.
    pub(crate) fn delete(&self, group: &str) -> Result<(), ErrorCode> {
        let shard = self.shared.shard(group).map_err(|error| code_of(&error))?;
        let shard = shard.ok_or(ErrorCode::GroupIdNotFound)?;
        let deleted = shard.with(|log| {
            log.update(group, Sync::Now, |groups, now| {
                let mut batches = settle(&self.shared.cluster, group, groups, now)?;
                Ok(match groups.delete(group) {
                    Ok(records) => {
                        batches.push(records);
                        (batches, Ok(()))
                    }
                    Err(error) => (batches, Err(error)),
                })
            })
        });
        deleted.map_err(|error| code_of(&error))?
    }
}
