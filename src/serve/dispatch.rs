//! Which handler takes which request.

use super::call::{Answer, Call, Hangup};
use super::handlers::{
    add_offsets_to_txn, add_partitions_to_txn, api_versions, delete_records, end_txn, fetch,
    init_producer_id, list_offsets, offset_for_leader_epoch, produce, transactions, txn_offset_commit,
    write_txn_markers,
};
use super::{administration, coordination, sharing};
use crate::types::CodecError;
use bytes::Bytes;
use kafka_protocol::messages::ApiKey;
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion};

/// Has a request answered. `body` is what follows its header.
pub(super) async fn answer(call: Call, body: Bytes) -> Result<Answer, Hangup> {
    match call.key {
        ApiKey::Produce => produce::handle(call, body).await,
        ApiKey::Fetch => fetch::handle(call, body).await,
        ApiKey::ListOffsets => list_offsets::handle(call, body).await,
        ApiKey::OffsetForLeaderEpoch => on_a_thread(call, body, offset_for_leader_epoch::handle).await,
        ApiKey::DeleteRecords => on_a_thread(call, body, delete_records::handle).await,
        ApiKey::ApiVersions => at_once(call, body, api_versions::handle),
        ApiKey::InitProducerId => on_a_thread(call, body, init_producer_id::handle).await,
        ApiKey::AddPartitionsToTxn => on_a_thread(call, body, add_partitions_to_txn::handle).await,
        ApiKey::AddOffsetsToTxn => on_a_thread(call, body, add_offsets_to_txn::handle).await,
        ApiKey::TxnOffsetCommit => on_a_thread(call, body, txn_offset_commit::handle).await,
        ApiKey::EndTxn => on_a_thread(call, body, end_txn::handle).await,
        ApiKey::WriteTxnMarkers => write_txn_markers::answer(call, body).await,
        ApiKey::ListTransactions => on_a_thread(call, body, transactions::list).await,
        ApiKey::DescribeTransactions => on_a_thread(call, body, transactions::describe).await,
        ApiKey::DescribeProducers => on_a_thread(call, body, transactions::producers).await,
        key if coordination::SERVED.contains(&key) => coordination::answer(call, body).await,
        key if sharing::SERVED.contains(&key) => sharing::answer(call, body).await,
        _ => administration::answer(call, body).await,
    }
}

/// For what neither locks nor touches a file.
fn at_once<Q: Decodable, R: Encodable + HeaderVersion>(
    call: Call,
    mut body: Bytes,
    handle: fn(&Call, Q) -> R,
) -> Result<Answer, Hangup> {
    let request = call.decode(&mut body)?;
    Ok(Answer::Now(call.encode(&handle(&call, request))?))
}

/// For what may block for a moment.
pub(super) async fn on_a_thread<Q, R>(
    call: Call,
    mut body: Bytes,
    handle: fn(&Call, Q) -> R,
) -> Result<Answer, Hangup>
where
    Q: Decodable + Send + 'static,
    R: Encodable + HeaderVersion + 'static,
{
    let request: Q = call.decode(&mut body)?;
    let reply = call.blocking(move |call| call.encode(&handle(call, request))).await??;
    Ok(Answer::Now(reply))
}

/// The same for a request that is read in another way.
pub(super) async fn on_a_thread_as<Q, R>(
    call: Call,
    body: &[u8],
    read: fn(&[u8]) -> Result<Q, CodecError>,
    handle: fn(&Call, Q) -> R,
) -> Result<Answer, Hangup>
where
    Q: Send + 'static,
    R: Encodable + HeaderVersion + 'static,
{
    let request = read(body).map_err(|e| Hangup::Malformed {
        key: call.key,
        version: call.version,
        why: e.to_string(),
    })?;
    let reply = call.blocking(move |call| call.encode(&handle(call, request))).await??;
    Ok(Answer::Now(reply))
}

/// For what waits for others. The requests behind it are taken up meanwhile; their answers wait.
pub(super) fn when_it_is_there<Q, R, F>(
    call: Call,
    mut body: Bytes,
    handle: fn(Call, Q) -> F,
) -> Result<Answer, Hangup>
where
    Q: Decodable,
    R: Encodable + HeaderVersion,
    F: Future<Output = Result<R, Hangup>> + Send + 'static,
{
    let request = call.decode(&mut body)?;
    let asked = call.clone();
    let answer = handle(call, request);
    Ok(Answer::Later(Box::pin(async move { asked.encode(&answer.await?) })))
}
