//! AddOffsetsToTxn: a client that keeps its epoch is about to commit offsets of a group with its transaction.

use super::add_partitions_to_txn::as_known;
use crate::local::{Entry, ProducerIdentity};
use crate::serve::call::Call;
use crate::types::acl::AclOperation;
use kafka_protocol::messages::{AddOffsetsToTxnRequest, AddOffsetsToTxnResponse};

/// From here on clients know `PRODUCER_FENCED`.
const KNOWS_FENCED: i16 = 2;

pub(in crate::serve) fn handle(call: &Call, request: AddOffsetsToTxnRequest) -> AddOffsetsToTxnResponse {
    let producer = ProducerIdentity { id: request.producer_id.0, epoch: request.producer_epoch };
    let (id, group) = (request.transactional_id.as_str(), request.group_id.as_str());
    let access = call.access();
    let permitted = access
        .transactional_id(AclOperation::Write, id)
        .and_then(|()| access.group(AclOperation::Read, group));
    let entered =
        permitted.and_then(|()| call.context.transactions.enter_group(id, producer, group, Entry::Said));
    let code = match entered {
        Ok(()) => 0,
        Err(error) => as_known(error.code, call.version >= KNOWS_FENCED).code(),
    };
    AddOffsetsToTxnResponse::default().with_error_code(code)
}
