//! The newer protocol for clients of the network (KIP-848): ConsumerGroupHeartbeat.

use super::super::settle::{Batches, modern_limits, settle};
use super::facade::{NetworkGroups, code_of};
use crate::client;
use crate::group::{GroupKind, HeartbeatAnswer, HeartbeatRequest, Refusal, TopicCatalog};
use crate::metadata::ConfigKind;
use crate::types::ErrorCode;
use std::sync::Arc;

/// `group.consumer.heartbeat.interval.ms`.
const HEARTBEAT_INTERVAL_MS: i32 = 5_000;

impl NetworkGroups {
    /// Takes a ConsumerGroupHeartbeat request.
    pub(crate) fn consumer_heartbeat(
        &self,
        group: &str,
        request: &HeartbeatRequest,
    ) -> Result<HeartbeatAnswer, Refusal> {
        if group.is_empty() {
            return Err(Refusal {
                code: ErrorCode::InvalidRequest,
                message: "GroupId can't be empty.".to_owned(),
            });
        }
        let id = request.member_id.as_str();
        let catalog = self.catalog().map_err(refusal_of)?;
        // Nothing has changed: a sign of life takes no lock of the group's.
        if let Some(host) = self.shared.host(group)
            && host.has(id)
            && let Some(kind) = host.seen()
            && let GroupKind::Consumer(modern) = &*kind
            && modern.is_idle_beat(request, &catalog)
        {
            host.give_sign(id);
            return Ok(HeartbeatAnswer { member_epoch: request.member_epoch, assignment: None });
        }
        let host = self.shared.host_or_new(group);
        let answer = self.shared.update(&host, |groups, now| {
            let mut batches = Batches::new();
            if request.member_epoch == 0 {
                batches = settle(&self.shared.cluster, group, groups, now)?;
            }
            let limits = modern_limits(&self.shared.cluster, group)?;
            let instance_id = request.instance_id.as_deref();
            let former = groups.modern(group).zip(instance_id);
            let former = former.and_then(|(modern, id)| modern.static_member(id).map(str::to_owned));
            match groups.modern_heartbeat(group, request, &catalog, &limits, now) {
                Err(refusal) => Ok((batches, Err(refusal))),
                Ok((records, answer)) => {
                    batches.push(records);
                    match request.member_epoch {
                        ..0 => host.end_place(id)?,
                        _ => host.take_place(id)?,
                    }
                    if let Some(former) = former.filter(|former| former != id) {
                        host.end_place(&former)?;
                    }
                    Ok((batches, Ok(answer)))
                }
            }
        });
        host.give_sign(id);
        answer.map_err(refusal_of)?
    }

    /// How often members of `group` are to give signs of life in the newer protocol, in milliseconds.
    pub(crate) fn heartbeat_interval_ms(&self, group: &str) -> i32 {
        let setting = self.shared.cluster.with_image(|image| {
            let text = image.setting(ConfigKind::GROUP, group, "consumer.heartbeat.interval.ms");
            text.and_then(|text| text.parse().ok())
        });
        setting.ok().flatten().unwrap_or(HEARTBEAT_INTERVAL_MS)
    }

    /// The topics there are, by name and id.
    pub(crate) fn catalog(&self) -> client::Result<Arc<TopicCatalog>> {
        Ok(self.shared.cluster.catalog()?)
    }
}

fn refusal_of(error: client::Error) -> Refusal {
    Refusal { code: code_of(&error), message: error.message }
}
