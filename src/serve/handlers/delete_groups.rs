//! DeleteGroups: groups that nobody is in, with their offsets.

use crate::serve::call::Call;
use crate::serve::once::once;
use crate::types::acl::AclOperation;
use kafka_protocol::messages::delete_groups_request::DeleteGroupsRequest;
use kafka_protocol::messages::delete_groups_response::{DeletableGroupResult, DeleteGroupsResponse};

pub(in crate::serve) fn handle(call: &Call, request: DeleteGroupsRequest) -> DeleteGroupsResponse {
    let access = call.access();
    let results = once(request.groups_names, Clone::clone).map(|id| {
        let permitted = access.group(AclOperation::Delete, &id).map_err(|error| error.code);
        let deleted = permitted.and_then(|()| call.context.groups.delete(&id));
        DeletableGroupResult::default()
            .with_group_id(id)
            .with_error_code(deleted.map_or_else(|error| error.code(), |()| 0))
    });
    DeleteGroupsResponse::default().with_results(results.collect())
}
