//! What a controller decides about access control entries (KIP-11, KIP-290): which records add some and take others away.

use super::error::PlanError;
use super::image::Image;
use super::record::Record;
use super::security_records::AccessControlEntryRecord;
use crate::types::acl::{
    AclBinding, AclFilter, AclOperation, AclPermission, CLUSTER_RESOURCE, PatternType, ResourcePattern,
    ResourceType,
};
use crate::types::{ErrorCode, Uuid};
use std::collections::BTreeSet;

impl AccessControlEntryRecord {
    fn new(id: Uuid, binding: &AclBinding) -> AccessControlEntryRecord {
        AccessControlEntryRecord {
            id,
            resource_type: binding.pattern.resource_type.code(),
            resource_name: binding.pattern.name.clone(),
            pattern_type: binding.pattern.pattern_type.code(),
            principal: binding.principal.clone(),
            host: binding.host.clone(),
            operation: binding.operation.code(),
            permission_type: binding.permission.code(),
        }
    }

    /// `None` for one that a newer Kafka has made of something that this program does not know.
    pub(crate) fn binding(&self) -> Option<AclBinding> {
        Some(AclBinding {
            pattern: ResourcePattern {
                resource_type: ResourceType::of_code(self.resource_type)?,
                name: self.resource_name.clone(),
                pattern_type: PatternType::of_code(self.pattern_type)?,
            },
            principal: self.principal.clone(),
            host: self.host.clone(),
            operation: AclOperation::of_code(self.operation)?,
            permission: AclPermission::of_code(self.permission_type)?,
        })
    }
}

/// The records that add entries, and what becomes of each. One that is there already is not added again. `new_id` makes
/// random ids.
pub(crate) fn create_acls(
    image: &Image,
    bindings: &[AclBinding],
    mut new_id: impl FnMut() -> Uuid,
) -> (Vec<Record>, Vec<Result<(), PlanError>>) {
    let mut present: BTreeSet<AclBinding> =
        image.acls.values().filter_map(AccessControlEntryRecord::binding).collect();
    let mut records = Vec::new();
    let outcomes = bindings.iter().map(|binding| {
        check(binding)?;
        if present.insert(binding.clone()) {
            let entry = AccessControlEntryRecord::new(new_id(), binding);
            records.push(Record::AccessControlEntry(entry));
        }
        Ok(())
    });
    let outcomes = outcomes.collect();
    (records, outcomes)
}

fn check(binding: &AclBinding) -> Result<(), PlanError> {
    let refuse = |message: String| Err(PlanError::new(ErrorCode::InvalidRequest, message));
    let pattern = &binding.pattern;
    if pattern.resource_type == ResourceType::Cluster && pattern.name != CLUSTER_RESOURCE {
        return refuse(format!("The only valid name for the CLUSTER resource is {CLUSTER_RESOURCE}"));
    }
    if pattern.name.is_empty() {
        return refuse("Invalid empty resource name".to_owned());
    }
    if !binding.principal.contains(':') {
        return refuse(format!(
            "Could not parse principal from `{}` (no colon is present separating the principal type from the principal name)",
            binding.principal
        ));
    }
    Ok(())
}

/// The records that take away what any of `filters` matches, and what each has matched.
pub(crate) fn delete_acls(image: &Image, filters: &[AclFilter]) -> (Vec<Record>, Vec<Vec<AclBinding>>) {
    let entries: Vec<(Uuid, AclBinding)> =
        image.acls.iter().filter_map(|(&id, entry)| Some((id, entry.binding()?))).collect();
    let mut removed = BTreeSet::new();
    let matched = filters.iter().map(|filter| {
        let matching = entries.iter().filter(|(_, binding)| filter.matches(binding));
        let note = |(id, binding): &(Uuid, AclBinding)| {
            removed.insert(*id);
            binding.clone()
        };
        matching.map(note).collect()
    });
    let matched = matched.collect();
    (removed.into_iter().map(Record::RemoveAccessControlEntry).collect(), matched)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(name: &str, principal: &str) -> AclBinding {
        AclBinding {
            pattern: ResourcePattern {
                resource_type: ResourceType::Topic,
                name: name.to_owned(),
                pattern_type: PatternType::Literal,
            },
            principal: principal.to_owned(),
            host: "*".to_owned(),
            operation: AclOperation::Read,
            permission: AclPermission::Allow,
        }
    }

    fn with(bindings: &[AclBinding]) -> Image {
        let mut image = Image::default();
        let mut number = 0;
        let ids = || {
            number += 1;
            Uuid([number; 16])
        };
        let (records, outcomes) = create_acls(&image, bindings, ids);
        assert!(outcomes.iter().all(Result::is_ok));
        records.into_iter().for_each(|record| image.replay(record));
        image
    }

    #[test]
    fn an_entry_is_added_once() {
        let a = binding("a", "User:x");
        let image = with(&[a.clone(), binding("b", "User:x"), a.clone()]);
        assert_eq!(image.acls().len(), 2);
        let (records, outcomes) = create_acls(&image, &[a], Uuid::random);
        assert_eq!((records.len(), outcomes), (0, vec![Ok(())]));
    }

    #[test]
    fn a_bad_entry_is_refused_and_the_others_are_added() {
        let mut cluster = binding("x", "User:x");
        cluster.pattern.resource_type = ResourceType::Cluster;
        let bindings = [binding("", "User:x"), cluster, binding("a", "alice"), binding("a", "User:x")];
        let (records, outcomes) = create_acls(&Image::default(), &bindings, Uuid::random);
        let words: Vec<&str> = outcomes
            .iter()
            .map(|outcome| outcome.as_ref().map_or_else(|e| e.message.as_str(), |()| ""))
            .collect();
        assert_eq!(records.len(), 1);
        assert_eq!(
            words,
            [
                "Invalid empty resource name",
                "The only valid name for the CLUSTER resource is kafka-cluster",
                "Could not parse principal from `alice` (no colon is present separating the principal type from the principal name)",
                "",
            ]
        );
    }

    #[test]
    fn each_filter_says_what_it_matched_and_a_record_is_written_once() {
        let mut image = with(&[binding("a", "User:x"), binding("b", "User:x"), binding("c", "User:y")]);
        let of =
            |principal: &str| AclFilter { principal: Some(principal.to_owned()), ..AclFilter::default() };
        let a = AclFilter { name: Some("a".to_owned()), ..AclFilter::default() };
        let (records, matched) = delete_acls(&image, &[of("User:x"), a, of("User:z")]);
        let counts: Vec<usize> = matched.iter().map(Vec::len).collect();
        assert_eq!((counts, records.len()), (vec![2, 1, 0], 2));
        records.into_iter().for_each(|record| image.replay(record));
        let left: Vec<_> = image.acls().values().filter_map(AccessControlEntryRecord::binding).collect();
        assert_eq!(left, [binding("c", "User:y")]);
    }
}
