//! ApiVersions: what this server serves, and the features of its cluster. The answer has the old header in every version,
//! so that a client reads it that doesn't know yet what it talks to; to a version that isn't known version 0 says so.

use crate::serve::call::{Call, Hangup, Reply};
use crate::serve::versions;
use crate::types::ErrorCode;
use kafka_protocol::messages::ApiKey;
use kafka_protocol::messages::api_versions_request::ApiVersionsRequest;
use kafka_protocol::messages::api_versions_response::{
    ApiVersion, ApiVersionsResponse, FinalizedFeatureKey, SupportedFeatureKey,
};
use kafka_protocol::protocol::StrBytes;

pub(in crate::serve) fn handle(call: &Call, request: ApiVersionsRequest) -> ApiVersionsResponse {
    if call.version >= 3
        && !(is_name(&request.client_software_name) && is_name(&request.client_software_version))
    {
        return ApiVersionsResponse::default().with_error_code(ErrorCode::InvalidRequest.code());
    }
    let response =
        ApiVersionsResponse::default().with_api_keys(versions::served().map(api_version).collect());
    if call.version < 3 {
        return response;
    }
    let Ok(metadata) = call.context.cluster.admin().describe_features() else { return response };
    // Before version 4 a feature whose lowest level is 0 could not be told.
    let tellable = |lowest: i16| call.version >= 4 || lowest > 0;
    let supported = metadata.features.iter().filter(|feature| tellable(feature.supported.0)).map(|feature| {
        SupportedFeatureKey::default()
            .with_name(StrBytes::from_string(feature.name.clone()))
            .with_min_version(feature.supported.0)
            .with_max_version(feature.supported.1)
    });
    let finalized = metadata.features.iter().filter(|feature| feature.level > 0).map(|feature| {
        FinalizedFeatureKey::default()
            .with_name(StrBytes::from_string(feature.name.clone()))
            .with_min_version_level(feature.level)
            .with_max_version_level(feature.level)
    });
    response
        .with_supported_features(supported.collect())
        .with_finalized_features(finalized.collect())
        .with_finalized_features_epoch(metadata.epoch)
}

/// The answer to a version that isn't known.
pub(in crate::serve) fn unsupported(call: &Call) -> Result<Reply, Hangup> {
    let own = versions::served().filter(|&(key, _, _)| key == ApiKey::ApiVersions as i16);
    let response = ApiVersionsResponse::default()
        .with_error_code(ErrorCode::UnsupportedVersion.code())
        .with_api_keys(own.map(api_version).collect());
    call.encode_as(&response, 0)
}

fn api_version((key, first, last): (i16, i16, i16)) -> ApiVersion {
    ApiVersion::default().with_api_key(key).with_min_version(first).with_max_version(last)
}

/// Kafka's rule for the names and versions of client software (KIP-511).
fn is_name(name: &str) -> bool {
    let is_end = |byte: &u8| byte.is_ascii_alphanumeric();
    let bytes = name.as_bytes();
    bytes.first().is_some_and(is_end)
        && bytes.last().is_some_and(is_end)
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn names_of_software_begin_and_end_with_a_letter_or_digit() {
        for good in ["apache-kafka-java", "4.2.0", "a", "librdkafka"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "-a", "a.", "a b", "ä", "a_b"] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
