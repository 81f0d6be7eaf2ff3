//! IncrementalAlterConfigs (KIP-339) and the older AlterConfigs, which replaces all settings of a resource.

use crate::client::{self, Admin, AlterConfigOp, Error};
use crate::serve::call::Call;
use crate::serve::handlers::describe_configs::own_resource;
use crate::serve::permissions::Access;
use crate::serve::wire;
use crate::types::ErrorCode;
use crate::types::acl::AclOperation;
use kafka_protocol::messages::alter_configs_request::{self, AlterConfigsRequest};
use kafka_protocol::messages::alter_configs_response::{self, AlterConfigsResponse};
use kafka_protocol::messages::incremental_alter_configs_request::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequest,
};
use kafka_protocol::messages::incremental_alter_configs_response::{
    AlterConfigsResourceResponse, IncrementalAlterConfigsResponse,
};

pub(in crate::serve) fn handle_incremental(
    call: &Call,
    request: IncrementalAlterConfigsRequest,
) -> IncrementalAlterConfigsResponse {
    let admin = admin(call, request.validate_only);
    let access = call.access();
    let responses = request.resources.iter().map(|resource| {
        let twins = request.resources.iter().filter(|other| {
            other.resource_type == resource.resource_type && other.resource_name == resource.resource_name
        });
        let outcome = if twins.count() > 1 { Err(repeated()) } else { alter(&*admin, &access, resource) };
        let (code, message) = wire::outcome(&outcome);
        AlterConfigsResourceResponse::default()
            .with_error_code(code)
            .with_error_message(message)
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name.clone())
    });
    IncrementalAlterConfigsResponse::default().with_responses(responses.collect())
}

fn admin(call: &Call, validate_only: bool) -> Box<dyn Admin> {
    let cluster = &call.context.cluster;
    if validate_only { cluster.trial_admin() } else { cluster.admin() }
}

fn repeated() -> Error {
    Error::new(ErrorCode::InvalidRequest, "Each resource must appear at most once.")
}

fn unknown_type(resource_type: i8) -> Error {
    Error::new(ErrorCode::InvalidRequest, format!("Unknown resource type {resource_type}"))
}

fn alter(admin: &dyn Admin, access: &Access, resource: &AlterConfigsResource) -> client::Result<()> {
    let own = own_resource(resource.resource_type, &resource.resource_name)
        .ok_or_else(|| unknown_type(resource.resource_type))?;
    access.settings(AclOperation::AlterConfigs, &own)?;
    // Only what is taken away needs no value.
    let without =
        resource.configs.iter().filter(|config| config.config_operation != 1 && config.value.is_none());
    check_values(without.map(|config| config.name.to_string()).collect())?;
    let ops = resource.configs.iter().map(operation).collect::<client::Result<Vec<_>>>()?;
    admin.alter_configs(&own, &ops)
}

fn check_values(without: Vec<String>) -> client::Result<()> {
    if without.is_empty() {
        return Ok(());
    }
    let message = format!("Null value not supported for : {}", without.join(", "));
    Err(Error::new(ErrorCode::InvalidRequest, message))
}

fn operation(config: &AlterableConfig) -> client::Result<AlterConfigOp> {
    let name = config.name.to_string();
    let value = config.value.as_ref().map(ToString::to_string).unwrap_or_default();
    match config.config_operation {
        0 => Ok(AlterConfigOp::Set(name, value)),
        1 => Ok(AlterConfigOp::Delete(name)),
        2 => Ok(AlterConfigOp::Append(name, value)),
        3 => Ok(AlterConfigOp::Subtract(name, value)),
        other => {
            let message = format!("Unknown config operation {other} for {name}");
            Err(Error::new(ErrorCode::InvalidRequest, message))
        }
    }
}

pub(in crate::serve) fn handle(call: &Call, request: AlterConfigsRequest) -> AlterConfigsResponse {
    let admin = admin(call, request.validate_only);
    let access = call.access();
    let responses = request.resources.iter().map(|resource| {
        let twins = request.resources.iter().filter(|other| {
            other.resource_type == resource.resource_type && other.resource_name == resource.resource_name
        });
        let outcome = if twins.count() > 1 { Err(repeated()) } else { replace(&*admin, &access, resource) };
        let (code, message) = wire::outcome(&outcome);
        alter_configs_response::AlterConfigsResourceResponse::default()
            .with_error_code(code)
            .with_error_message(message)
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name.clone())
    });
    AlterConfigsResponse::default().with_responses(responses.collect())
}

fn replace(
    admin: &dyn Admin,
    access: &Access,
    resource: &alter_configs_request::AlterConfigsResource,
) -> client::Result<()> {
    let own = own_resource(resource.resource_type, &resource.resource_name)
        .ok_or_else(|| unknown_type(resource.resource_type))?;
    access.settings(AclOperation::AlterConfigs, &own)?;
    let without = resource.configs.iter().filter(|config| config.value.is_none());
    check_values(without.map(|config| config.name.to_string()).collect())?;
    let configs = resource.configs.iter().filter_map(|config| {
        let value = config.value.as_ref()?;
        Some((config.name.to_string(), value.to_string()))
    });
    admin.replace_configs(&own, &configs.collect::<Vec<_>>())
}
