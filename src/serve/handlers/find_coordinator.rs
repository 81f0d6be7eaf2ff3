//! FindCoordinator: this server coordinates everything there is. The topic that a coordinator writes to is there before
//! anybody is told of it.

use crate::local::Coordinated;
use crate::serve::call::Call;
use crate::serve::nodes;
use crate::types::ErrorCode;
use crate::types::acl::AclOperation;
use kafka_protocol::messages::BrokerId;
use kafka_protocol::messages::find_coordinator_request::FindCoordinatorRequest;
use kafka_protocol::messages::find_coordinator_response::{Coordinator, FindCoordinatorResponse};
use kafka_protocol::protocol::StrBytes;

pub(in crate::serve) fn handle(call: &Call, request: FindCoordinatorRequest) -> FindCoordinatorResponse {
    if call.version < 4 {
        let found = find(call, request.key_type, &request.key);
        return FindCoordinatorResponse::default()
            .with_error_code(found.error_code)
            .with_error_message(found.error_message)
            .with_node_id(found.node_id)
            .with_host(found.host)
            .with_port(found.port);
    }
    let found = request.coordinator_keys.iter().map(|key| find(call, request.key_type, key));
    FindCoordinatorResponse::default().with_coordinators(found.collect())
}

fn find(call: &Call, key_type: i8, key: &StrBytes) -> Coordinator {
    let kind = match key_type {
        0 => Ok(Coordinated::Groups),
        1 => Ok(Coordinated::Transactions),
        2 if call.version >= 6 && is_share_key(key) => Ok(Coordinated::ShareGroups),
        _ => Err(ErrorCode::InvalidRequest),
    };
    let access = call.access();
    let ensured = kind.and_then(|kind| {
        let permitted = match kind {
            Coordinated::Groups => access.group(AclOperation::Describe, key),
            Coordinated::Transactions => access.transactional_id(AclOperation::Describe, key),
            Coordinated::ShareGroups => access.cluster(AclOperation::ClusterAction),
        };
        permitted.map_err(|error| error.code)?;
        let ensured = call.context.cluster.ensure_topic_of(kind);
        ensured.map_err(|_| ErrorCode::CoordinatorNotAvailable)
    });
    let found = Coordinator::default().with_key(key.clone());
    match ensured {
        Ok(()) => {
            let node = nodes::this(call);
            // Java's clients print it.
            let message = (call.version < 4).then(|| StrBytes::from_static_str("NONE"));
            found
                .with_error_message(message)
                .with_node_id(BrokerId(node.id.0))
                .with_host(StrBytes::from_string(node.host))
                .with_port(i32::from(node.port))
        }
        Err(code) => found
            .with_error_code(code.code())
            .with_error_message(Some(StrBytes::from_static_str(code.default_message())))
            .with_node_id(BrokerId(-1))
            .with_port(-1),
    }
}

/// The key of a share group's partition is `GROUP:TOPIC_ID:PARTITION`.
fn is_share_key(key: &str) -> bool {
    let mut parts = key.rsplitn(3, ':');
    let is_partition = parts.next().is_some_and(|text| text.parse::<i32>().is_ok());
    let is_topic = parts.next().is_some_and(|text| text.parse::<crate::types::Uuid>().is_ok());
    is_partition && is_topic && parts.next().is_some_and(|group| !group.is_empty())
}

#[cfg(test)]
mod tests {
    use super::is_share_key;

    #[test]
    fn share_keys_name_a_partition_of_a_group() {
        assert!(is_share_key("g:QQb10EpnQVOng50zvRuvQQ:0") && is_share_key("a:b:QQb10EpnQVOng50zvRuvQQ:7"));
        for bad in ["", "g", "g:t:0", ":QQb10EpnQVOng50zvRuvQQ:0", "g:QQb10EpnQVOng50zvRuvQQ:x"] {
            assert!(!is_share_key(bad), "{bad}");
        }
    }
}
