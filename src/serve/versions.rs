//! Which requests are served, in which versions: those that Kafka 4.2 advertises, as far as there are handlers.

use super::{administration, coordination, sharing};
use crate::client::ApiVersions;
use crate::local::API_VERSIONS;
use kafka_protocol::messages::ApiKey;

/// Those that are answered. A request that isn't here is not advertised.
const SERVED: &[ApiKey] = &[
    ApiKey::ApiVersions,
    ApiKey::SaslHandshake,
    ApiKey::SaslAuthenticate,
    ApiKey::InitProducerId,
    ApiKey::AddPartitionsToTxn,
    ApiKey::AddOffsetsToTxn,
    ApiKey::TxnOffsetCommit,
    ApiKey::EndTxn,
    ApiKey::WriteTxnMarkers,
    ApiKey::ListTransactions,
    ApiKey::DescribeTransactions,
    ApiKey::DescribeProducers,
    ApiKey::Produce,
    ApiKey::Fetch,
    ApiKey::ListOffsets,
    ApiKey::DeleteRecords,
    ApiKey::OffsetForLeaderEpoch,
];

/// The requests that are served, with their versions.
pub(super) fn served() -> impl Iterator<Item = (i16, i16, i16)> {
    API_VERSIONS.iter().filter_map(range)
}

fn range(api: &ApiVersions) -> Option<(i16, i16, i16)> {
    let (first, last) = api.versions?;
    SERVED
        .iter()
        .chain(administration::SERVED)
        .chain(coordination::SERVED)
        .chain(sharing::SERVED)
        .any(|key| *key as i16 == api.key)
        .then_some((api.key, first, last))
}

/// Whether a version of a request is served.
pub(super) fn is_served(key: i16, version: i16) -> bool {
    served().any(|(served, first, last)| served == key && (first..=last).contains(&version))
}
