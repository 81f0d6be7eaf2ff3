//! Admin calls about the features of a cluster.

use super::cluster::Cluster;
use super::quorum;
use crate::client::{self, Commit, FeatureDescription, FeatureMetadata, FeatureUpdate, Result, UpgradeType};
use crate::metadata::{self, Direction, FeatureChange, FeatureLevels};
use crate::types::ErrorCode;
use crate::types::features::{FEATURES, KRAFT_VERSION, METADATA_VERSION, NEWEST_RELEASE, OLDEST_RELEASE};

pub(super) fn describe(cluster: &Cluster) -> Result<FeatureMetadata> {
    let described = cluster.with_metadata(|log| {
        let levels = FeatureLevels { image: log.image(), quorum: log.quorum().version() };
        let metadata = (METADATA_VERSION, (OLDEST_RELEASE, NEWEST_RELEASE));
        let others = FEATURES.iter().map(|feature| (feature.name, (0, feature.max)));
        let description = |(name, supported): (&str, _)| FeatureDescription {
            name: name.to_owned(),
            supported,
            level: levels.level(name),
        };
        let mut features: Vec<_> = others.chain([metadata]).map(description).collect();
        features.sort_by(|one, other| one.name.cmp(&other.name));
        FeatureMetadata { epoch: log.version().get() - 1, features }
    })?;
    Ok(described)
}

pub(super) fn update(cluster: &Cluster, updates: &[FeatureUpdate], commit: Commit) -> Result<()> {
    let changes: Vec<FeatureChange<'_>> = updates
        .iter()
        .map(|update| FeatureChange {
            name: &update.name,
            level: update.level,
            direction: match update.upgrade_type {
                UpgradeType::Upgrade => Direction::Up,
                UpgradeType::SafeDowngrade => Direction::Down,
                UpgradeType::UnsafeDowngrade => Direction::DownWhateverIsLost,
            },
        })
        .collect();
    let here = cluster.broker().id;
    let version = cluster.with_metadata(|log| log.quorum().version())?;
    cluster.update(|image| {
        let records = metadata::update_features(FeatureLevels { image, quorum: version }, &changes, here)
            .map_err(|error| all_failed(&error.message))?;
        Ok((if commit == Commit::Yes { records } else { Vec::new() }, ()))
    })?;
    let upgrades = updates.iter().any(|update| update.name == KRAFT_VERSION && update.level > version);
    if upgrades && commit == Commit::Yes { quorum::upgrade(cluster) } else { Ok(()) }
}

/// Features change together or not at all, so all of them fail for the same reason.
fn all_failed(why: &str) -> client::Error {
    let message =
        format!("The update failed for all features since the following feature had an error: {why}");
    client::Error::new(ErrorCode::InvalidUpdateVersion, message)
}
