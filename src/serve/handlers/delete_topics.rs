//! DeleteTopics: topics by name, or by id (KIP-516).

use crate::client::{self, Error, TopicListing};
use crate::serve::call::Call;
use crate::serve::wire;
use crate::types::acl::AclOperation;
use crate::types::{ErrorCode, Uuid};
use kafka_protocol::messages::delete_topics_request::{DeleteTopicState, DeleteTopicsRequest};
use kafka_protocol::messages::delete_topics_response::{DeletableTopicResult, DeleteTopicsResponse};

pub(in crate::serve) fn handle(call: &Call, request: DeleteTopicsRequest) -> DeleteTopicsResponse {
    let admin = call.context.cluster.admin();
    let access = call.access();
    let named =
        request.topic_names.iter().map(|name| DeleteTopicState::default().with_name(Some(name.clone())));
    let wanted: Vec<DeleteTopicState> = request.topics.iter().cloned().chain(named).collect();
    let mut results: Vec<DeletableTopicResult> = Vec::with_capacity(wanted.len());
    for topic in &wanted {
        let twins = wanted.iter().filter(|other| other == &topic).count();
        if results.iter().any(|done| done.name == topic.name && done.topic_id == topic.topic_id) {
            continue;
        }
        let found = match twins {
            1 => admin.list_topics().and_then(|topics| {
                if let Some(name) = &topic.name {
                    access.topic(AclOperation::Delete, name.as_str())?;
                }
                let (name, id) = find(&topics, topic)?;
                access.topic(AclOperation::Delete, &name)?;
                Ok((name, id))
            }),
            _ => Err(Error::new(
                ErrorCode::InvalidRequest,
                match topic.name {
                    Some(_) => "Duplicate topic name.",
                    None => "Duplicate topic id.",
                },
            )),
        };
        results.push(match found {
            Ok((name, id)) => result(topic, admin.delete_topic(&name))
                .with_name(Some(wire::topic(&name)))
                .with_topic_id(wire::uuid(id)),
            Err(error) => result(topic, Err(error)),
        });
    }
    DeleteTopicsResponse::default().with_responses(results)
}

/// The topic that is meant.
fn find(topics: &[TopicListing], wanted: &DeleteTopicState) -> client::Result<(String, Uuid)> {
    let refuse = |message: &str| Err(Error::new(ErrorCode::InvalidRequest, message));
    let (found, unknown) = match &wanted.name {
        Some(_) if !wanted.topic_id.is_nil() => {
            return refuse("You may not specify both topic name and topic id.");
        }
        None if wanted.topic_id.is_nil() => return refuse("Neither topic name nor id were specified."),
        Some(name) => {
            (topics.iter().find(|topic| topic.name == name.as_str()), ErrorCode::UnknownTopicOrPartition)
        }
        None => {
            (topics.iter().find(|topic| wire::uuid(topic.id) == wanted.topic_id), ErrorCode::UnknownTopicId)
        }
    };
    found.map(|topic| (topic.name.clone(), topic.id)).ok_or_else(|| Error::of(unknown))
}

fn result(topic: &DeleteTopicState, outcome: client::Result<()>) -> DeletableTopicResult {
    let (code, message) = wire::outcome(&outcome);
    DeletableTopicResult::default()
        .with_name(topic.name.clone())
        .with_topic_id(topic.topic_id)
        .with_error_code(code)
        .with_error_message(message)
}
