//! UpdateFeatures (KIP-584, KIP-1022): all of the levels are changed, or none.

use crate::client::{self, Commit, Error, FeatureUpdate, UpgradeType};
use crate::serve::call::Call;
use crate::serve::wire;
use crate::types::ErrorCode;
use crate::types::acl::AclOperation;
use kafka_protocol::messages::update_features_request::{FeatureUpdateKey, UpdateFeaturesRequest};
use kafka_protocol::messages::update_features_response::{UpdatableFeatureResult, UpdateFeaturesResponse};

pub(in crate::serve) fn handle(call: &Call, request: UpdateFeaturesRequest) -> UpdateFeaturesResponse {
    let updates = request.feature_updates.iter().map(|update| wanted(call.version, update));
    let outcome = updates.collect::<client::Result<Vec<_>>>().and_then(|updates| {
        call.access().cluster(AclOperation::Alter)?;
        let commit = if request.validate_only { Commit::Never } else { Commit::Yes };
        call.context.cluster.admin().update_features(&updates, commit)
    });
    let (code, message) = wire::outcome(&outcome);
    let response = UpdateFeaturesResponse::default().with_error_code(code).with_error_message(message);
    if call.version > 1 || code != 0 {
        return response;
    }
    let results = request
        .feature_updates
        .iter()
        .map(|update| UpdatableFeatureResult::default().with_feature(update.feature.clone()));
    response.with_results(results.collect())
}

fn wanted(version: i16, update: &FeatureUpdateKey) -> client::Result<FeatureUpdate> {
    let upgrade_type = match update.upgrade_type {
        _ if version == 0 && update.allow_downgrade => UpgradeType::SafeDowngrade,
        1 => UpgradeType::Upgrade,
        2 => UpgradeType::SafeDowngrade,
        3 => UpgradeType::UnsafeDowngrade,
        _ if version == 0 => UpgradeType::Upgrade,
        _ => {
            let message = "The controller does not support the given upgrade type.";
            return Err(Error::new(ErrorCode::InvalidUpdateVersion, message));
        }
    };
    Ok(FeatureUpdate { name: update.feature.to_string(), level: update.max_version_level, upgrade_type })
}
