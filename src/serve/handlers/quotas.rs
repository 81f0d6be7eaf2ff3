//! DescribeClientQuotas and AlterClientQuotas (KIP-546).

use crate::client::{self, Error, QuotaEntity, QuotaEntry, QuotaPart};
use crate::serve::call::Call;
use crate::serve::wire;
use crate::types::ErrorCode;
use crate::types::acl::AclOperation;
use kafka_protocol::messages::alter_client_quotas_request::{self, AlterClientQuotasRequest};
use kafka_protocol::messages::alter_client_quotas_response::{self, AlterClientQuotasResponse};
use kafka_protocol::messages::describe_client_quotas_request::{ComponentData, DescribeClientQuotasRequest};
use kafka_protocol::messages::describe_client_quotas_response::{
    DescribeClientQuotasResponse, EntityData, EntryData, ValueData,
};
use kafka_protocol::protocol::StrBytes;

const PARTS: [QuotaPart; 3] = [QuotaPart::User, QuotaPart::ClientId, QuotaPart::Ip];

/// What a filter wants of one part of an entity.
enum Wanted {
    Exactly(Option<String>),
    Anything,
}

fn part_of(name: &str) -> Option<QuotaPart> {
    PARTS.into_iter().find(|part| part.name() == name)
}

fn refuse<T>(message: impl Into<String>) -> client::Result<T> {
    Err(Error::new(ErrorCode::InvalidRequest, message))
}

pub(in crate::serve) fn describe(
    call: &Call,
    request: DescribeClientQuotasRequest,
) -> DescribeClientQuotasResponse {
    let found = filter(&request.components).and_then(|filter| {
        call.access().cluster(AclOperation::DescribeConfigs)?;
        let mut entries = call.context.cluster.admin().describe_quotas()?;
        entries.retain(|entry| matches(entry, &filter, request.strict));
        Ok(entries)
    });
    match found {
        Ok(entries) => {
            DescribeClientQuotasResponse::default().with_entries(Some(entries.iter().map(entry).collect()))
        }
        Err(error) => DescribeClientQuotasResponse::default()
            .with_error_code(error.code.code())
            .with_error_message(wire::message(&error))
            .with_entries(None),
    }
}

fn filter(components: &[ComponentData]) -> client::Result<Vec<(QuotaPart, Wanted)>> {
    let mut filter: Vec<(QuotaPart, Wanted)> = Vec::new();
    for component in components {
        let kind = component.entity_type.as_str();
        if kind.is_empty() {
            return refuse("Unexpected empty entity type.");
        }
        let Some(part) = part_of(kind) else {
            let message = format!("Custom entity type '{kind}' not supported");
            return Err(Error::new(ErrorCode::UnsupportedVersion, message));
        };
        if filter.iter().any(|(other, _)| *other == part) {
            return refuse(format!("Entity type {kind} cannot appear more than once in the filter."));
        }
        let wanted = match (component.match_type, &component._match) {
            (0, Some(name)) => Wanted::Exactly(Some(name.to_string())),
            (0, None) => return refuse("Request specified MATCH_TYPE_EXACT, but set match string to null."),
            (1, None) => Wanted::Exactly(None),
            (1, Some(_)) => {
                return refuse("Request specified MATCH_TYPE_DEFAULT, but also specified a match string.");
            }
            (2, None) => Wanted::Anything,
            (2, Some(_)) => {
                return refuse("Request specified MATCH_TYPE_SPECIFIED, but also specified a match string.");
            }
            (other, _) => return refuse(format!("Unknown match type {other}")),
        };
        filter.push((part, wanted));
    }
    if filter.len() > 1 && filter.iter().any(|(part, _)| *part == QuotaPart::Ip) {
        return refuse(
            "Invalid entity filter component combination. IP filter component should not be used with user or clientId filter component.",
        );
    }
    Ok(filter)
}

fn matches(entry: &QuotaEntry, filter: &[(QuotaPart, Wanted)], strict: bool) -> bool {
    let fits = |(part, wanted): &(QuotaPart, Wanted)| {
        let present = entry.entity.iter().find(|(own, _)| own == part);
        present.is_some_and(|(_, name)| match wanted {
            Wanted::Anything => true,
            Wanted::Exactly(wanted) => name == wanted,
        })
    };
    filter.iter().all(fits) && (!strict || entry.entity.len() == filter.len())
}

fn entry(entry: &QuotaEntry) -> EntryData {
    let entity = entry.entity.iter().map(|(part, name)| {
        EntityData::default()
            .with_entity_type(StrBytes::from_static_str(part.name()))
            .with_entity_name(name.as_deref().map(wire::text))
    });
    let values = entry
        .quotas
        .iter()
        .map(|(key, value)| ValueData::default().with_key(wire::text(key.as_str())).with_value(*value));
    EntryData::default().with_entity(entity.collect()).with_values(values.collect())
}

pub(in crate::serve) fn alter(call: &Call, request: AlterClientQuotasRequest) -> AlterClientQuotasResponse {
    let cluster = &call.context.cluster;
    let admin = if request.validate_only { cluster.trial_admin() } else { cluster.admin() };
    let access = call.access();
    let entries = request.entries.iter().map(|entry| {
        let changes: Vec<(String, Option<f64>)> =
            entry.ops.iter().map(|op| (op.key.to_string(), (!op.remove).then_some(op.value))).collect();
        let permitted = access.cluster(AclOperation::AlterConfigs);
        let outcome =
            permitted.and_then(|()| entity(entry)).and_then(|entity| admin.alter_quotas(&entity, &changes));
        let (code, message) = wire::outcome(&outcome);
        let entity = entry.entity.iter().map(|part| {
            alter_client_quotas_response::EntityData::default()
                .with_entity_type(part.entity_type.clone())
                .with_entity_name(part.entity_name.clone())
        });
        alter_client_quotas_response::EntryData::default()
            .with_error_code(code)
            .with_error_message(message)
            .with_entity(entity.collect())
    });
    AlterClientQuotasResponse::default().with_entries(entries.collect())
}

fn entity(entry: &alter_client_quotas_request::EntryData) -> client::Result<QuotaEntity> {
    let part = |data: &alter_client_quotas_request::EntityData| {
        let kind = data.entity_type.as_str();
        let Some(part) = part_of(kind) else {
            return refuse(format!("Unhandled client quota entity type: {kind}"));
        };
        Ok((part, data.entity_name.as_ref().map(ToString::to_string)))
    };
    entry.entity.iter().map(part).collect()
}
