//! CreatePartitions: more partitions for topics (KIP-195).

use crate::client::{self, Admin, Error};
use crate::serve::call::Call;
use crate::serve::wire;
use crate::types::acl::AclOperation;
use crate::types::{BrokerId, ErrorCode};
use kafka_protocol::messages::create_partitions_request::{CreatePartitionsRequest, CreatePartitionsTopic};
use kafka_protocol::messages::create_partitions_response::{
    CreatePartitionsResponse, CreatePartitionsTopicResult,
};

pub(in crate::serve) fn handle(call: &Call, request: CreatePartitionsRequest) -> CreatePartitionsResponse {
    let cluster = &call.context.cluster;
    let admin = if request.validate_only { cluster.trial_admin() } else { cluster.admin() };
    let access = call.access();
    let mut results: Vec<CreatePartitionsTopicResult> = Vec::with_capacity(request.topics.len());
    for topic in &request.topics {
        if results.iter().any(|result| result.name == topic.name) {
            continue;
        }
        let twins = request.topics.iter().filter(|other| other.name == topic.name).count();
        let outcome = match twins {
            1 => access.topic(AclOperation::Alter, &topic.name).and_then(|()| grow(&*admin, topic)),
            _ => Err(Error::new(ErrorCode::InvalidRequest, "Duplicate topic name.")),
        };
        let (code, message) = wire::outcome(&outcome);
        results.push(
            CreatePartitionsTopicResult::default()
                .with_name(topic.name.clone())
                .with_error_code(code)
                .with_error_message(message),
        );
    }
    CreatePartitionsResponse::default().with_results(results)
}

fn grow(admin: &dyn Admin, topic: &CreatePartitionsTopic) -> client::Result<()> {
    let lists: Option<Vec<Vec<BrokerId>>> = topic
        .assignments
        .as_ref()
        .map(|lists| lists.iter().map(|list| wire::broker_ids(&list.broker_ids)).collect());
    admin.create_partitions(&topic.name, topic.count, lists.as_deref())
}
