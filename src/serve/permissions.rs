//! `Access`: what the client of a request may do, as the access control entries have it at that moment. Which operation on which
//! resource a request needs is said by its handler, through the four questions here. Source: Kafka's documentation, "Operations
//! and resources on protocols".

use super::call::Call;
use crate::acl::{AclIndex, Authorizer, Decision, Policy, Subject};
use crate::client::{self, ConfigResource};
use crate::types::acl::{AclOperation, CLUSTER_RESOURCE, ResourceType};
use crate::types::{ErrorCode, Uuid};
use std::sync::Arc;

/// Stands for an answer that nobody has asked for.
pub(super) const NOT_ASKED: i32 = i32::MIN;

/// Whether access control entries decide who may do what.
pub(super) fn are_enforced(call: &Call) -> bool {
    call.context.guard.policy.is_some()
}

/// The operations that the peer may do to a resource, a bit for each number (KIP-430), if the request asks for them.
pub(super) fn operations(call: &Call, is_asked: bool, kind: ResourceType, name: &str) -> i32 {
    if is_asked { call.access().operations(kind, name) } else { NOT_ASKED }
}

/// One client's, for the time of one request.
pub(super) struct Access {
    /// `None` where everybody may do everything.
    authorizer: Option<Authorizer>,
    principal: String,
    host: String,
}

impl Call {
    /// What this request's client may do. May read the directory.
    pub(super) fn access(&self) -> Access {
        let authorizer = self.context.guard.policy.as_ref().map(|policy| {
            match self.context.cluster.acls() {
                Ok(entries) => Authorizer::new(entries, Arc::clone(policy)),
                // Who can't be judged may do nothing.
                Err(_) => Authorizer::new(Arc::new(AclIndex::default()), Arc::new(Policy::default())),
            }
        });
        Access {
            authorizer,
            principal: self.peer.principal.to_string(),
            host: self.peer.address.ip().to_canonical().to_string(),
        }
    }
}

impl Access {
    /// Whether the client may do this to the resource of this type and name.
    pub(super) fn allows(&self, operation: AclOperation, kind: ResourceType, name: &str) -> bool {
        self.authorizer.as_ref().is_none_or(|authorizer| {
            authorizer.decide(self.subject(), operation, kind, name) == Decision::Allowed
        })
    }

    pub(super) fn topic(&self, operation: AclOperation, name: &str) -> client::Result<()> {
        self.check(operation, ResourceType::Topic, name)
    }

    pub(super) fn group(&self, operation: AclOperation, name: &str) -> client::Result<()> {
        self.check(operation, ResourceType::Group, name)
    }

    pub(super) fn transactional_id(&self, operation: AclOperation, name: &str) -> client::Result<()> {
        self.check(operation, ResourceType::TransactionalId, name)
    }

    pub(super) fn cluster(&self, operation: AclOperation) -> client::Result<()> {
        self.check(operation, ResourceType::Cluster, CLUSTER_RESOURCE)
    }

    /// Whether the client may make this topic: topics in general, or this one.
    pub(super) fn create_topic(&self, name: &str) -> client::Result<()> {
        self.cluster(AclOperation::Create).or_else(|_| self.topic(AclOperation::Create, name))
    }

    /// Whether the client may have ids that mark its records, without a transaction.
    pub(super) fn idempotent_writes(&self) -> client::Result<()> {
        match self.allows_some(AclOperation::Write, ResourceType::Topic) {
            true => Ok(()),
            false => self.cluster(AclOperation::IdempotentWrite),
        }
    }

    /// Whether the client may be a consumer of the group, and see the topics that it names.
    pub(super) fn member<'a>(
        &self,
        group: &str,
        mut topics: impl Iterator<Item = &'a String>,
    ) -> client::Result<()> {
        self.group(AclOperation::Read, group)?;
        topics.try_for_each(|topic| self.topic(AclOperation::Describe, topic))
    }

    /// Whether the client may have these topics read for it by the group. Those that aren't there are somebody else's concern.
    pub(super) fn readers(
        &self,
        call: &Call,
        group: &str,
        mut topics: impl Iterator<Item = Uuid>,
    ) -> client::Result<()> {
        self.group(AclOperation::Read, group)?;
        if self.authorizer.is_none() {
            return Ok(());
        }
        topics.try_for_each(|id| match call.context.logs.topic_of(id) {
            Ok(topic) => self.topic(AclOperation::Read, topic.name()),
            Err(_) => Ok(()),
        })
    }

    /// Whether the client may do this to the settings of a resource.
    pub(super) fn settings(&self, operation: AclOperation, of: &ConfigResource) -> client::Result<()> {
        match of {
            ConfigResource::Topic(name) => self.topic(operation, name),
            ConfigResource::Group(name) => self.group(operation, name),
            ConfigResource::Broker(_)
            | ConfigResource::BrokerLogger(_)
            | ConfigResource::ClientMetrics(_) => self.cluster(operation),
        }
    }

    /// Whether there may be some resource of this type to which the client may do this.
    pub(super) fn allows_some(&self, operation: AclOperation, kind: ResourceType) -> bool {
        self.authorizer.as_ref().is_none_or(|authorizer| {
            authorizer.decide_by_type(self.subject(), operation, kind) == Decision::Allowed
        })
    }

    /// The bits of the operations that the client may do to a resource, as answers show them (KIP-430).
    pub(super) fn operations(&self, kind: ResourceType, name: &str) -> i32 {
        // Who may not look at the cluster is not told what he may do to it.
        if kind == ResourceType::Cluster && !self.allows(AclOperation::Describe, kind, name) {
            return 0;
        }
        let allowed = kind.operations().iter().filter(|operation| self.allows(**operation, kind, name));
        allowed.fold(0, |bits, operation| bits | 1 << operation.code())
    }

    fn check(&self, operation: AclOperation, kind: ResourceType, name: &str) -> client::Result<()> {
        if self.allows(operation, kind, name) { Ok(()) } else { Err(client::Error::of(refusal(kind))) }
    }

    fn subject(&self) -> Subject<'_> {
        Subject { principal: &self.principal, host: &self.host }
    }
}

/// How a request is refused for want of a permission on a resource of this type.
const fn refusal(kind: ResourceType) -> ErrorCode {
    match kind {
        ResourceType::Topic => ErrorCode::TopicAuthorizationFailed,
        ResourceType::Group => ErrorCode::GroupAuthorizationFailed,
        ResourceType::TransactionalId => ErrorCode::TransactionalIdAuthorizationFailed,
        ResourceType::DelegationToken => ErrorCode::DelegationTokenAuthorizationFailed,
        ResourceType::Cluster | ResourceType::User => ErrorCode::ClusterAuthorizationFailed,
    }
}
