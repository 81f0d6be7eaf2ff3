//! InitProducerId: who a producer is to the logs.

use crate::local::{NewProducer, ProducerIdentity};
use crate::serve::call::Call;
use crate::types::ErrorCode;
use crate::types::acl::AclOperation;
use kafka_protocol::messages::{InitProducerIdRequest, InitProducerIdResponse, ProducerId};

/// From here on clients know `PRODUCER_FENCED`.
const KNOWS_FENCED: i16 = 4;

pub(in crate::serve) fn handle(call: &Call, request: InitProducerIdRequest) -> InitProducerIdResponse {
    match init(call, &request) {
        Ok(producer) => InitProducerIdResponse::default()
            .with_producer_id(ProducerId(producer.id))
            .with_producer_epoch(producer.epoch),
        Err(code) => {
            let code = super::add_partitions_to_txn::as_known(code, call.version >= KNOWS_FENCED);
            let nobody = InitProducerIdResponse::default().with_producer_id(ProducerId(-1));
            nobody.with_producer_epoch(-1).with_error_code(code.code())
        }
    }
}

fn init(call: &Call, request: &InitProducerIdRequest) -> Result<ProducerIdentity, ErrorCode> {
    let former = match (request.producer_id.0, request.producer_epoch) {
        (-1, -1) => None,
        (id, epoch) if id >= 0 && epoch >= 0 => Some(ProducerIdentity { id, epoch }),
        _ => return Err(ErrorCode::InvalidRequest),
    };
    let access = call.access();
    let permitted = match &request.transactional_id {
        Some(id) => access.transactional_id(AclOperation::Write, id),
        None => access.idempotent_writes(),
    };
    permitted.map_err(|error| error.code)?;
    let wish = NewProducer {
        transactional_id: request.transactional_id.as_ref().map(|id| id.as_str()),
        timeout_ms: request.transaction_timeout_ms,
        former,
    };
    call.context.transactions.init_producer(wish).map_err(|error| error.code)
}
