//! UnregisterBroker (KIP-631).

use crate::serve::call::Call;
use crate::serve::wire;
use crate::types::BrokerId;
use crate::types::acl::AclOperation;
use kafka_protocol::messages::unregister_broker_request::UnregisterBrokerRequest;
use kafka_protocol::messages::unregister_broker_response::UnregisterBrokerResponse;

pub(in crate::serve) fn handle(call: &Call, request: UnregisterBrokerRequest) -> UnregisterBrokerResponse {
    let permitted = call.access().cluster(AclOperation::Alter);
    let outcome = permitted
        .and_then(|()| call.context.cluster.admin().unregister_broker(BrokerId(request.broker_id.0)));
    let (code, message) = wire::outcome(&outcome);
    UnregisterBrokerResponse::default().with_error_code(code).with_error_message(message)
}
