//! EndTxn: a producer commits or aborts its transaction. From version 5 on its epoch rises with that.

use super::add_partitions_to_txn::as_known;
use crate::local::{ProducerIdentity, TransactionProtocol};
use crate::record::EndTxn;
use crate::serve::call::Call;
use crate::types::acl::AclOperation;
use kafka_protocol::messages::{EndTxnRequest, EndTxnResponse, ProducerId};

/// From here on clients know `PRODUCER_FENCED`.
const KNOWS_FENCED: i16 = 2;
/// From here on the epoch rises.
const RISING: i16 = 5;

pub(in crate::serve) fn handle(call: &Call, request: EndTxnRequest) -> EndTxnResponse {
    let producer = ProducerIdentity { id: request.producer_id.0, epoch: request.producer_epoch };
    let outcome = if request.committed { EndTxn::Commit } else { EndTxn::Abort };
    let rises = call.version >= RISING;
    let protocol = if rises { TransactionProtocol::Rising } else { TransactionProtocol::Classic };
    let id = request.transactional_id.as_str();
    let permitted = call.access().transactional_id(AclOperation::Write, id);
    match permitted.and_then(|()| call.context.transactions.end(id, producer, outcome, protocol)) {
        Ok(next) if rises => {
            EndTxnResponse::default().with_producer_id(ProducerId(next.id)).with_producer_epoch(next.epoch)
        }
        Ok(_) => EndTxnResponse::default(),
        Err(error) => {
            let code = as_known(error.code, call.version >= KNOWS_FENCED);
            EndTxnResponse::default().with_error_code(code.code())
        }
    }
}
