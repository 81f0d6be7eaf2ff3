//! Admin calls about quotas, which kt keeps and does not enforce.

use super::cluster::Cluster;
use crate::client::{QuotaEntity, QuotaEntry, QuotaPart, Result};
use crate::metadata;

const PARTS: [QuotaPart; 3] = [QuotaPart::User, QuotaPart::ClientId, QuotaPart::Ip];

pub(super) fn describe(cluster: &Cluster) -> Result<Vec<QuotaEntry>> {
    let entries = cluster.with_image(|image| {
        let entry = |(entity, quotas): (&metadata::QuotaEntity, &std::collections::BTreeMap<String, f64>)| {
            let part = |(kind, name): &(String, Option<String>)| {
                let part = PARTS.into_iter().find(|part| part.name() == kind)?;
                Some((part, name.clone()))
            };
            // An entity with a part of another kind was made by a newer Kafka: it can't be shown.
            let entity = entity.iter().map(part).collect::<Option<QuotaEntity>>()?;
            let quotas = quotas.iter().map(|(key, value)| (key.clone(), *value)).collect();
            Some(QuotaEntry { entity, quotas })
        };
        image.quotas().iter().filter_map(entry).collect()
    })?;
    Ok(entries)
}

pub(super) fn alter(
    cluster: &Cluster,
    entity: &QuotaEntity,
    changes: &[(String, Option<f64>)],
) -> Result<()> {
    let entity: metadata::QuotaEntity =
        entity.iter().map(|(part, name)| (part.name().to_owned(), name.clone())).collect();
    cluster.update(|image| Ok((metadata::alter_quotas(image, &entity, changes)?, ())))
}
