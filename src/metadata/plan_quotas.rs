//! What a controller decides about quotas (KIP-546).

use super::error::PlanError;
use super::image::Image;
use super::record::Record;
use super::security_records::{ClientQuotaRecord, QuotaEntity};
use crate::types::ErrorCode;

const IP: &str = "ip";
/// The quotas of users and clients, with whether they take fractions.
const CLIENT_QUOTAS: [(&str, Fractions); 4] = [
    ("producer_byte_rate", Fractions::No),
    ("consumer_byte_rate", Fractions::No),
    ("request_percentage", Fractions::Yes),
    ("controller_mutation_rate", Fractions::Yes),
];
const IP_QUOTAS: [(&str, Fractions); 1] = [("connection_creation_rate", Fractions::No)];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fractions {
    Yes,
    No,
}

fn refuse(message: impl Into<String>) -> PlanError {
    PlanError::new(ErrorCode::InvalidRequest, message)
}

/// The records that apply all of `changes` (`None` takes a quota away) to the entity's quotas, or none.
pub(crate) fn alter_quotas(
    image: &Image,
    entity: &QuotaEntity,
    changes: &[(String, Option<f64>)],
) -> Result<Vec<Record>, PlanError> {
    let quotas: &[(&str, Fractions)] = check_entity(entity)?;
    let mut sorted = entity.clone();
    sorted.sort();
    let present = image.quotas().get(&sorted);
    let mut records = Vec::new();
    for (key, value) in changes {
        let Some((_, fractions)) = quotas.iter().find(|(name, _)| name == key) else {
            return Err(refuse(format!("Invalid configuration key {key}")));
        };
        if let Some(value) = value {
            check_value(key, *value, *fractions)?;
        }
        let old = present.and_then(|quotas| quotas.get(key)).copied();
        if old != *value {
            let (entity, key, remove) = (sorted.clone(), key.clone(), value.is_none());
            let value = value.unwrap_or(0.0);
            records.push(Record::ClientQuota(ClientQuotaRecord { entity, key, value, remove }));
        }
    }
    Ok(records)
}

fn check_entity(entity: &QuotaEntity) -> Result<&'static [(&'static str, Fractions)], PlanError> {
    if let Some((kind, _)) = entity.iter().find(|(_, name)| name.as_deref() == Some("")) {
        return Err(refuse(format!("Empty {kind} not supported")));
    }
    match entity.iter().filter(|(kind, _)| kind == IP).count() {
        0 if entity.is_empty() => Err(refuse("Invalid empty client quota entity")),
        0 => Ok(&CLIENT_QUOTAS),
        1 if entity.len() == 1 => Ok(&IP_QUOTAS),
        _ => Err(refuse(
            "Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId",
        )),
    }
}

fn check_value(key: &str, value: f64, fractions: Fractions) -> Result<(), PlanError> {
    if value <= 0.0 {
        return Err(refuse(format!("Quota {key} must be greater than 0")));
    }
    if fractions == Fractions::No && value > 9_223_372_036_854_775_807.0 {
        return Err(refuse(format!("Proposed value for {key} is too large for a LONG.")));
    }
    if fractions == Fractions::No && value.fract() != 0.0 && !value.is_nan() {
        return Err(refuse(format!("{key} cannot be a fractional value.")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(parts: &[(&str, Option<&str>)]) -> QuotaEntity {
        parts.iter().map(|(kind, name)| ((*kind).to_owned(), name.map(str::to_owned))).collect()
    }

    #[test]
    fn quotas_are_set_changed_and_taken_away() {
        let mut image = Image::default();
        let alice = entity(&[("user", Some("alice")), ("client-id", None)]);
        let rate = |value| [("producer_byte_rate".to_owned(), value)];
        for (value, records) in [(Some(5.0), 1), (Some(5.0), 0), (Some(6.0), 1), (None, 1), (None, 0)] {
            let planned = alter_quotas(&image, &alice, &rate(value)).unwrap();
            assert_eq!(planned.len(), records, "{value:?}");
            planned.into_iter().for_each(|record| image.replay(record));
        }
        assert!(image.quotas().is_empty());
    }

    #[test]
    fn bad_quotas_are_refused_in_kafkas_words() {
        let user: &[(&str, Option<&str>)] = &[("user", Some("u"))];
        let address: &[(&str, Option<&str>)] = &[("ip", Some("1.2.3.4"))];
        for (parts, key, value, why) in [
            (user, "producer_byte_rate", -1.0, "Quota producer_byte_rate must be greater than 0"),
            (user, "producer_byte_rate", 1.5, "producer_byte_rate cannot be a fractional value."),
            (
                user,
                "consumer_byte_rate",
                1e300,
                "Proposed value for consumer_byte_rate is too large for a LONG.",
            ),
            (user, "connection_creation_rate", 1.0, "Invalid configuration key connection_creation_rate"),
            (address, "producer_byte_rate", 1.0, "Invalid configuration key producer_byte_rate"),
            (&[("user", Some(""))], "producer_byte_rate", 1.0, "Empty user not supported"),
        ] {
            let changes = [(key.to_owned(), Some(value))];
            let refused = alter_quotas(&Image::default(), &entity(parts), &changes).unwrap_err();
            assert_eq!(refused.message, why);
        }
        let half = [("request_percentage".to_owned(), Some(0.5))];
        assert_eq!(alter_quotas(&Image::default(), &entity(user), &half).unwrap().len(), 1);
    }
}
