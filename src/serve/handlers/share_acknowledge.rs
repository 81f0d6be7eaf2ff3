//! ShareAcknowledge: what became of records that a member of a share group has.

use crate::client;
use crate::local::{ShareAnswer, ShareRequest, ShareRequestPart};
use crate::serve::call::{Answer, Call, Hangup, Reply};
use crate::serve::{newer, wire};
use crate::types::{ErrorCode, Offset, PartitionId, Uuid};
use bytes::Bytes;
use kafka_protocol::messages::ShareAcknowledgeRequest;
use kafka_protocol::messages::share_acknowledge_response::{
    PartitionData, ShareAcknowledgeResponse, ShareAcknowledgeTopicResponse,
};
use std::collections::HashMap;

/// The version of what the protocol crate reads and writes; 2 has one field more on either way.
const KNOWN: i16 = 1;

pub(in crate::serve) async fn answer(call: Call, body: Bytes) -> Result<Answer, Hangup> {
    let (mut body, renews) = match call.version {
        KNOWN => (body, false),
        _ => newer::share_acknowledge(&body).map_err(|e| call.malformed(&e))?,
    };
    let request: ShareAcknowledgeRequest = call.decode_as(&mut body, KNOWN)?;
    let request = read(&request, renews);
    let reply = call.blocking(move |call| {
        let response = match acknowledge(call, &request) {
            Ok(answers) => ShareAcknowledgeResponse::default().with_responses(topics(&answers)),
            Err(error) => ShareAcknowledgeResponse::default()
                .with_error_code(error.code.code())
                .with_error_message(Some(wire::text(error.message))),
        };
        reply(call, &response, &request.group)
    });
    Ok(Answer::Now(reply.await??))
}

fn reply(call: &Call, response: &ShareAcknowledgeResponse, group: &str) -> Result<Reply, Hangup> {
    let written = call.encode_as(response, KNOWN)?;
    if call.version == KNOWN {
        return Ok(written);
    }
    let lock_ms = call.context.shares.lock_ms(group).unwrap_or(0);
    let body = newer::share_acknowledged(&written.concat(), lock_ms).map_err(|e| call.unanswerable(&e))?;
    call.frame(&body)
}

fn read(request: &ShareAcknowledgeRequest, renews: bool) -> ShareRequest {
    let mut parts = Vec::new();
    for topic in &request.topics {
        parts.extend(topic.partitions.iter().map(|partition| {
            let words = partition.acknowledgement_batches.iter().map(|batch| {
                let (first, last) = (Offset::new(batch.first_offset), Offset::new(batch.last_offset));
                (first, last, batch.acknowledge_types.clone())
            });
            ShareRequestPart {
                topic_id: wire::own_uuid(topic.topic_id),
                partition: PartitionId(partition.partition_index),
                words: words.collect(),
            }
        }));
    }
    ShareRequest {
        group: request.group_id.as_ref().map(|id| id.as_str().to_owned()).unwrap_or_default(),
        member_id: request.member_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        epoch: request.share_session_epoch,
        client: None,
        parts,
        forgotten: Vec::new(),
        renews,
    }
}

fn acknowledge(call: &Call, request: &ShareRequest) -> client::Result<Vec<ShareAnswer>> {
    let topics = request.parts.iter().map(|part| part.topic_id);
    call.access().readers(call, &request.group, topics)?;
    let shares = &call.context.shares;
    let session = shares.acknowledging(request).map_err(client::Error::of)?;
    let answers = shares.acknowledge(&session, &request.parts, request.renews)?;
    if request.epoch == -1 {
        shares.end_session(&session)?;
    }
    Ok(answers)
}

fn topics(answers: &[ShareAnswer]) -> Vec<ShareAcknowledgeTopicResponse> {
    let mut topics: Vec<(Uuid, Vec<PartitionData>)> = Vec::new();
    let mut places: HashMap<Uuid, usize> = HashMap::new();
    for (topic_id, partition, answer) in answers {
        let code = answer.map_or_else(ErrorCode::code, |()| 0);
        let data = PartitionData::default().with_partition_index(partition.0).with_error_code(code);
        let place = *places.entry(*topic_id).or_insert(topics.len());
        match topics.get_mut(place) {
            Some((_, partitions)) => partitions.push(data),
            None => topics.push((*topic_id, vec![data])),
        }
    }
    let response = |(id, partitions)| {
        ShareAcknowledgeTopicResponse::default().with_topic_id(wire::uuid(id)).with_partitions(partitions)
    };
    topics.into_iter().map(response).collect()
}
