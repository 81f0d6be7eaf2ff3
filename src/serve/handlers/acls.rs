//! DescribeAcls, CreateAcls and DeleteAcls (KIP-140, KIP-290). Without an authorizer there is nothing to ask or to tell.

use crate::client::{self, Error};
use crate::serve::call::Call;
use crate::serve::{permissions, wire};
use crate::types::ErrorCode;
use crate::types::acl::{
    AclBinding, AclFilter, AclOperation, AclPermission, PatternFilter, PatternType, ResourcePattern,
    ResourceType,
};
use kafka_protocol::messages::create_acls_request::{AclCreation, CreateAclsRequest};
use kafka_protocol::messages::create_acls_response::{AclCreationResult, CreateAclsResponse};
use kafka_protocol::messages::delete_acls_request::{DeleteAclsFilter, DeleteAclsRequest};
use kafka_protocol::messages::delete_acls_response::{
    DeleteAclsFilterResult, DeleteAclsMatchingAcl, DeleteAclsResponse,
};
use kafka_protocol::messages::describe_acls_request::DescribeAclsRequest;
use kafka_protocol::messages::describe_acls_response::{
    AclDescription, DescribeAclsResource, DescribeAclsResponse,
};
use kafka_protocol::protocol::StrBytes;

/// Stands for everything in a filter.
const ANY: i8 = 1;
/// The pattern type of filters that look for all that applies to a name.
const MATCH: i8 = 2;

fn check_enabled(call: &Call, operation: AclOperation) -> client::Result<()> {
    if permissions::are_enforced(call) {
        return call.access().cluster(operation);
    }
    Err(Error::new(ErrorCode::SecurityDisabled, "No Authorizer is configured."))
}

/// A part of a filter: `None` is anything.
fn part<T>(code: i8, of_code: fn(i8) -> Option<T>, what: &str) -> client::Result<Option<T>> {
    match of_code(code) {
        None if code != ANY => Err(Error::new(
            ErrorCode::InvalidRequest,
            format!("The filter contains an unknown {what}: {code}"),
        )),
        known => Ok(known),
    }
}

/// The fields that the filters of both requests have.
struct WireFilter<'a> {
    resource_type: i8,
    name: Option<&'a StrBytes>,
    pattern_type: i8,
    principal: Option<&'a StrBytes>,
    host: Option<&'a StrBytes>,
    operation: i8,
    permission: i8,
}

impl WireFilter<'_> {
    fn read(&self) -> client::Result<AclFilter> {
        let own = |text: Option<&StrBytes>| text.map(ToString::to_string);
        let pattern_type = match self.pattern_type {
            MATCH => PatternFilter::Match,
            code => part(code, PatternType::of_code, "pattern type")?
                .map_or(PatternFilter::Any, PatternFilter::Of),
        };
        Ok(AclFilter {
            resource_type: part(self.resource_type, ResourceType::of_code, "resource type")?,
            name: own(self.name),
            pattern_type,
            principal: own(self.principal),
            host: own(self.host),
            operation: part(self.operation, AclOperation::of_code, "operation")?,
            permission: part(self.permission, AclPermission::of_code, "permission type")?,
        })
    }
}

pub(in crate::serve) fn describe(call: &Call, request: DescribeAclsRequest) -> DescribeAclsResponse {
    let filter = WireFilter {
        resource_type: request.resource_type_filter,
        name: request.resource_name_filter.as_ref(),
        pattern_type: request.pattern_type_filter,
        principal: request.principal_filter.as_ref(),
        host: request.host_filter.as_ref(),
        operation: request.operation,
        permission: request.permission_type,
    };
    let found = check_enabled(call, AclOperation::Describe)
        .and_then(|()| call.context.cluster.admin().describe_acls(&filter.read()?));
    match found {
        Ok(bindings) => DescribeAclsResponse::default().with_resources(by_resource(bindings)),
        Err(error) => DescribeAclsResponse::default()
            .with_error_code(error.code.code())
            .with_error_message(wire::message(&error)),
    }
}

/// Sorted entries, those of one pattern together.
fn by_resource(bindings: Vec<AclBinding>) -> Vec<DescribeAclsResource> {
    let mut resources: Vec<(ResourcePattern, Vec<AclDescription>)> = Vec::new();
    for binding in bindings {
        let entry = AclDescription::default()
            .with_principal(wire::text(binding.principal))
            .with_host(wire::text(binding.host))
            .with_operation(binding.operation.code())
            .with_permission_type(binding.permission.code());
        match resources.last_mut() {
            Some((pattern, entries)) if *pattern == binding.pattern => entries.push(entry),
            _ => resources.push((binding.pattern, vec![entry])),
        }
    }
    let resource = |(pattern, entries): (ResourcePattern, Vec<AclDescription>)| {
        DescribeAclsResource::default()
            .with_resource_type(pattern.resource_type.code())
            .with_resource_name(wire::text(pattern.name))
            .with_pattern_type(pattern.pattern_type.code())
            .with_acls(entries)
    };
    resources.into_iter().map(resource).collect()
}

pub(in crate::serve) fn create(call: &Call, request: CreateAclsRequest) -> CreateAclsResponse {
    let read: Vec<client::Result<AclBinding>> = match check_enabled(call, AclOperation::Alter) {
        Ok(()) => request.creations.iter().map(binding).collect(),
        Err(error) => {
            let refused = request.creations.iter().map(|_| refused(&error));
            return CreateAclsResponse::default().with_results(refused.collect());
        }
    };
    let good: Vec<AclBinding> = read.iter().flatten().cloned().collect();
    let mut outcomes = match call.context.cluster.admin().create_acls(&good) {
        Ok(outcomes) => outcomes.into_iter(),
        Err(error) => {
            let refused = request.creations.iter().map(|_| refused(&error));
            return CreateAclsResponse::default().with_results(refused.collect());
        }
    };
    let results = read.iter().map(|read| match read {
        Err(error) => refused(error),
        Ok(_) => match outcomes.next() {
            Some(Err(error)) => refused(&error),
            _ => AclCreationResult::default(),
        },
    });
    CreateAclsResponse::default().with_results(results.collect())
}

fn refused(error: &Error) -> AclCreationResult {
    AclCreationResult::default().with_error_code(error.code.code()).with_error_message(wire::message(error))
}

fn binding(creation: &AclCreation) -> client::Result<AclBinding> {
    let invalid = |what: &str, code: i8| {
        Error::new(ErrorCode::InvalidRequest, format!("Invalid {what} {}", general_name(what, code)))
    };
    let (resource_type, pattern_type) = (creation.resource_type, creation.resource_pattern_type);
    let (operation, permission) = (creation.operation, creation.permission_type);
    Ok(AclBinding {
        pattern: ResourcePattern {
            resource_type: ResourceType::of_code(resource_type)
                .ok_or_else(|| invalid("resourceType", resource_type))?,
            name: creation.resource_name.to_string(),
            pattern_type: PatternType::of_code(pattern_type)
                .ok_or_else(|| invalid("patternType", pattern_type))?,
        },
        principal: creation.principal.to_string(),
        host: creation.host.to_string(),
        operation: AclOperation::of_code(operation).ok_or_else(|| invalid("operation", operation))?,
        permission: AclPermission::of_code(permission)
            .ok_or_else(|| invalid("permissionType", permission))?,
    })
}

/// What Kafka calls a number that no entry can have.
fn general_name(what: &str, code: i8) -> &'static str {
    match code {
        ANY => "ANY",
        MATCH if what == "patternType" => "MATCH",
        _ => "UNKNOWN",
    }
}

pub(in crate::serve) fn delete(call: &Call, request: DeleteAclsRequest) -> DeleteAclsResponse {
    let read = |filter: &DeleteAclsFilter| {
        WireFilter {
            resource_type: filter.resource_type_filter,
            name: filter.resource_name_filter.as_ref(),
            pattern_type: filter.pattern_type_filter,
            principal: filter.principal_filter.as_ref(),
            host: filter.host_filter.as_ref(),
            operation: filter.operation,
            permission: filter.permission_type,
        }
        .read()
    };
    let matched = check_enabled(call, AclOperation::Alter).and_then(|()| {
        let filters = request.filters.iter().map(read).collect::<client::Result<Vec<_>>>()?;
        call.context.cluster.admin().delete_acls(&filters)
    });
    let results = match matched {
        Ok(matched) => matched.into_iter().map(deleted).collect(),
        Err(error) => {
            let refused = request.filters.iter().map(|_| {
                DeleteAclsFilterResult::default()
                    .with_error_code(error.code.code())
                    .with_error_message(wire::message(&error))
            });
            refused.collect()
        }
    };
    DeleteAclsResponse::default().with_filter_results(results)
}

fn deleted(bindings: Vec<AclBinding>) -> DeleteAclsFilterResult {
    let entry = |binding: AclBinding| {
        DeleteAclsMatchingAcl::default()
            .with_resource_type(binding.pattern.resource_type.code())
            .with_resource_name(wire::text(binding.pattern.name))
            .with_pattern_type(binding.pattern.pattern_type.code())
            .with_principal(wire::text(binding.principal))
            .with_host(wire::text(binding.host))
            .with_operation(binding.operation.code())
            .with_permission_type(binding.permission.code())
    };
    DeleteAclsFilterResult::default().with_matching_acls(bindings.into_iter().map(entry).collect())
}
