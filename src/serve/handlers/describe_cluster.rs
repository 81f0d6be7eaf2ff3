//! DescribeCluster: the brokers, the cluster's id, and what the asker may do to it (KIP-700, KIP-919, KIP-1073).

use crate::client::{self, Error};
use crate::serve::call::Call;
use crate::serve::{nodes, permissions, wire};
use crate::types::ErrorCode;
use crate::types::acl::{CLUSTER_RESOURCE, ResourceType};
use kafka_protocol::messages::describe_cluster_request::DescribeClusterRequest;
use kafka_protocol::messages::describe_cluster_response::{DescribeClusterBroker, DescribeClusterResponse};

const BROKERS: i8 = 1;
const CONTROLLERS: i8 = 2;

pub(in crate::serve) fn handle(call: &Call, request: DescribeClusterRequest) -> DescribeClusterResponse {
    answer(call, &request).unwrap_or_else(|error| {
        DescribeClusterResponse::default()
            .with_error_code(error.code.code())
            .with_error_message(Some(wire::text(error.message)))
            .with_cluster_authorized_operations(permissions::NOT_ASKED)
    })
}

fn answer(call: &Call, request: &DescribeClusterRequest) -> client::Result<DescribeClusterResponse> {
    match request.endpoint_type {
        BROKERS => {}
        CONTROLLERS => {
            let message = "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER";
            return Err(Error::new(ErrorCode::MismatchedEndpointType, message));
        }
        other => {
            let message = format!("Unsupported endpoint type {other}");
            return Err(Error::new(ErrorCode::UnsupportedEndpointType, message));
        }
    }
    let cluster = nodes::cluster(call)?;
    let shown = cluster.nodes.iter().filter(|node| request.include_fenced_brokers || !node.fenced);
    let brokers = shown.map(|node| {
        DescribeClusterBroker::default()
            .with_broker_id(wire::broker(node.id))
            .with_host(wire::text(node.host.as_str()))
            .with_port(i32::from(node.port))
            .with_rack(node.rack.as_deref().map(wire::text))
            .with_is_fenced(call.version >= 2 && node.fenced)
    });
    let operations = permissions::operations(
        call,
        request.include_cluster_authorized_operations,
        ResourceType::Cluster,
        CLUSTER_RESOURCE,
    );
    Ok(DescribeClusterResponse::default()
        .with_endpoint_type(BROKERS)
        .with_brokers(brokers.collect())
        .with_cluster_id(wire::text(cluster.cluster_id))
        .with_controller_id(wire::broker(nodes::this(call).id))
        .with_cluster_authorized_operations(operations))
}
