//! Which handler takes which request about share groups, and which of them are served. Brokers keep the states of share groups
//! by requests among themselves (83 to 87); here there is but one broker, and those are not served.

use super::call::{Answer, Call, Hangup};
use super::dispatch::on_a_thread;
use super::handlers::{
    share_acknowledge, share_fetch, share_group_describe, share_group_heartbeat, share_group_offsets,
};
use bytes::Bytes;
use kafka_protocol::messages::ApiKey;

pub(super) const SERVED: &[ApiKey] = &[
    ApiKey::ShareGroupHeartbeat,
    ApiKey::ShareGroupDescribe,
    ApiKey::ShareFetch,
    ApiKey::ShareAcknowledge,
    ApiKey::DescribeShareGroupOffsets,
    ApiKey::AlterShareGroupOffsets,
    ApiKey::DeleteShareGroupOffsets,
];

/// Has a request about share groups answered.
pub(super) async fn answer(call: Call, body: Bytes) -> Result<Answer, Hangup> {
    match call.key {
        ApiKey::ShareGroupHeartbeat => on_a_thread(call, body, share_group_heartbeat::handle).await,
        ApiKey::ShareGroupDescribe => on_a_thread(call, body, share_group_describe::handle).await,
        ApiKey::ShareFetch => share_fetch::answer(call, body).await,
        ApiKey::ShareAcknowledge => share_acknowledge::answer(call, body).await,
        ApiKey::DescribeShareGroupOffsets => share_group_offsets::describe(call, body).await,
        ApiKey::AlterShareGroupOffsets => on_a_thread(call, body, share_group_offsets::alter).await,
        ApiKey::DeleteShareGroupOffsets => on_a_thread(call, body, share_group_offsets::delete).await,
        key => Err(Hangup::NotServed { key: key as i16, version: call.version }),
    }
}
