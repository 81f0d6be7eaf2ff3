//! Which handler takes which request about groups, and which of them are served. (Groups of streams applications, 88 and
//! 89, are not.)

use super::call::{Answer, Call, Hangup};
use super::dispatch::{on_a_thread, on_a_thread_as, when_it_is_there};
use super::handlers::{
    consumer_group_describe, consumer_group_heartbeat, delete_groups, describe_groups, find_coordinator,
    heartbeat, join_group, leave_group, list_groups, offset_commit, offset_delete, offset_fetch, sync_group,
};
use super::topic_ids;
use bytes::Bytes;
use kafka_protocol::messages::ApiKey;

pub(super) const SERVED: &[ApiKey] = &[
    ApiKey::FindCoordinator,
    ApiKey::JoinGroup,
    ApiKey::SyncGroup,
    ApiKey::Heartbeat,
    ApiKey::LeaveGroup,
    ApiKey::OffsetCommit,
    ApiKey::OffsetFetch,
    ApiKey::OffsetDelete,
    ApiKey::DescribeGroups,
    ApiKey::ListGroups,
    ApiKey::DeleteGroups,
    ApiKey::ConsumerGroupHeartbeat,
    ApiKey::ConsumerGroupDescribe,
];

/// Has a request about groups answered.
pub(super) async fn answer(call: Call, body: Bytes) -> Result<Answer, Hangup> {
    match call.key {
        ApiKey::FindCoordinator => on_a_thread(call, body, find_coordinator::handle).await,
        ApiKey::JoinGroup => when_it_is_there(call, body, join_group::handle),
        ApiKey::SyncGroup => when_it_is_there(call, body, sync_group::handle),
        ApiKey::Heartbeat => on_a_thread(call, body, heartbeat::handle).await,
        ApiKey::LeaveGroup => on_a_thread(call, body, leave_group::handle).await,
        ApiKey::OffsetCommit if call.version >= 10 => {
            on_a_thread_as(call, &body, topic_ids::offset_commit, offset_commit::handle).await
        }
        ApiKey::OffsetCommit => on_a_thread(call, body, offset_commit::handle).await,
        ApiKey::OffsetFetch if call.version >= 10 => {
            on_a_thread_as(call, &body, topic_ids::offset_fetch, offset_fetch::handle).await
        }
        ApiKey::OffsetFetch => on_a_thread(call, body, offset_fetch::handle).await,
        ApiKey::OffsetDelete => on_a_thread(call, body, offset_delete::handle).await,
        ApiKey::DescribeGroups => on_a_thread(call, body, describe_groups::handle).await,
        ApiKey::ListGroups => on_a_thread(call, body, list_groups::handle).await,
        ApiKey::DeleteGroups => on_a_thread(call, body, delete_groups::handle).await,
        ApiKey::ConsumerGroupHeartbeat => on_a_thread(call, body, consumer_group_heartbeat::handle).await,
        ApiKey::ConsumerGroupDescribe => on_a_thread(call, body, consumer_group_describe::handle).await,
        key => Err(Hangup::NotServed { key: key as i16, version: call.version }),
    }
}
