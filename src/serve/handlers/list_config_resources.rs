//! ListConfigResources: what there is that can have settings (KIP-714, KIP-1142). Version 0 asks for subscriptions to clients'
//! metrics only.

use crate::client::{self, ConfiguredKind, Error};
use crate::serve::call::Call;
use crate::serve::wire;
use crate::types::ErrorCode;
use crate::types::acl::AclOperation;
use kafka_protocol::messages::list_config_resources_request::ListConfigResourcesRequest;
use kafka_protocol::messages::list_config_resources_response::{ConfigResource, ListConfigResourcesResponse};

const TOPIC: i8 = 2;
const BROKER: i8 = 4;
const BROKER_LOGGER: i8 = 8;
const CLIENT_METRICS: i8 = 16;
const GROUP: i8 = 32;

pub(in crate::serve) fn handle(
    call: &Call,
    request: ListConfigResourcesRequest,
) -> ListConfigResourcesResponse {
    let types = match request.resource_types.as_slice() {
        _ if call.version == 0 => vec![CLIENT_METRICS],
        [] => vec![TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP],
        types => types.to_vec(),
    };
    let permitted = call.access().cluster(AclOperation::DescribeConfigs);
    let lists = || types.into_iter().map(|kind| list(call, kind)).collect::<client::Result<Vec<_>>>();
    match permitted.and_then(|()| lists()) {
        Ok(lists) => ListConfigResourcesResponse::default().with_config_resources(lists.concat()),
        Err(error) => ListConfigResourcesResponse::default().with_error_code(error.code.code()),
    }
}

fn list(call: &Call, resource_type: i8) -> client::Result<Vec<ConfigResource>> {
    let admin = call.context.cluster.admin();
    let names: Vec<String> = match resource_type {
        TOPIC => admin.list_topics()?.into_iter().map(|topic| topic.name).collect(),
        BROKER | BROKER_LOGGER => {
            let nodes = admin.describe_cluster()?.nodes;
            nodes.iter().filter(|node| !node.fenced).map(|node| node.id.to_string()).collect()
        }
        CLIENT_METRICS => admin.list_configured(ConfiguredKind::ClientMetrics)?,
        GROUP => admin.list_configured(ConfiguredKind::Group)?,
        _ => return Err(Error::of(ErrorCode::UnsupportedVersion)),
    };
    let resource = |name: String| {
        ConfigResource::default().with_resource_type(resource_type).with_resource_name(wire::text(name))
    };
    Ok(names.into_iter().map(resource).collect())
}
