//! What a controller decides about the levels of features (KIP-584, KIP-778, KIP-1022).

use super::error::PlanError;
use super::image::Image;
use super::record::{FeatureLevelRecord, Record};
use crate::types::features::{
    FEATURES, Feature, KRAFT_VERSION, METADATA_VERSION, NEWEST_RELEASE, OLDEST_RELEASE, release_name,
};
use crate::types::{BrokerId, ErrorCode};

/// The newest format with a record that older ones can't express: from there on, no way leads back behind it.
const CHANGED_METADATA: [i16; 8] = [8, 11, 13, 14, 15, 17, 18, 23];

/// In which direction a level may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Up,
    Down,
    DownWhateverIsLost,
}

/// A level wanted of a feature.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FeatureChange<'a> {
    pub(crate) name: &'a str,
    pub(crate) level: i16,
    pub(crate) direction: Direction,
}

/// The levels in force: those of the metadata, and that of the quorum, which is kept beside it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FeatureLevels<'a> {
    pub(crate) image: &'a Image,
    pub(crate) quorum: i16,
}

impl FeatureLevels<'_> {
    /// 0 for a feature that is off or not known.
    pub(crate) fn level(&self, name: &str) -> i16 {
        match name {
            KRAFT_VERSION => self.quorum,
            _ => self.image.features().get(name).copied().unwrap_or(0),
        }
    }
}

/// The records that make all of `changes`, or the reason why one of them can't be. That of the quorum's feature is
/// checked and makes no record. `controller` is named in refusals.
pub(crate) fn update_features(
    levels: FeatureLevels<'_>,
    changes: &[FeatureChange<'_>],
    controller: BrokerId,
) -> Result<Vec<Record>, PlanError> {
    let mut records = Vec::new();
    for change in changes {
        check(levels, change, controller)?;
        if change.name != KRAFT_VERSION && levels.level(change.name) != change.level {
            let (name, level) = (change.name.to_owned(), change.level);
            records.push(Record::FeatureLevel(FeatureLevelRecord { name, level }));
        }
    }
    Ok(records)
}

fn check(
    levels: FeatureLevels<'_>,
    change: &FeatureChange<'_>,
    controller: BrokerId,
) -> Result<(), PlanError> {
    let FeatureChange { name, level, direction } = *change;
    let refuse = |why: &str| {
        let message = format!("Invalid update version {level} for feature {name}. {why}");
        Err(PlanError::new(ErrorCode::InvalidUpdateVersion, message))
    };
    let range = match Feature::by_name(name) {
        Some(feature) => 0..=feature.max,
        None if name == METADATA_VERSION => OLDEST_RELEASE..=NEWEST_RELEASE,
        None if level == 0 => return refuse(&format!("Feature {name} not found.")),
        None => return refuse(&format!("Local controller {controller} does not support this feature.")),
    };
    if !range.contains(&level) {
        let (first, last) = (range.start(), range.end());
        return refuse(&format!("Local controller {controller} only supports versions {first}-{last}"));
    }
    let present = levels.level(name);
    if level > present && direction != Direction::Up {
        return refuse("Can't downgrade to a newer version.");
    }
    if level < present && direction == Direction::Up {
        return refuse(
            "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade.",
        );
    }
    if name == KRAFT_VERSION && level < present {
        return refuse("Can't downgrade the version of this feature.");
    }
    if name == METADATA_VERSION && level < present {
        return check_metadata_downgrade(levels, present, level, direction);
    }
    let needed = Feature::by_name(name).and_then(|feature| feature.needs).filter(|_| level > present);
    match needed.filter(|needed| levels.level(METADATA_VERSION) < *needed) {
        Some(needed) => {
            let message = format!(
                "{name} could not be set to {level} because it depends on metadata.version level {needed}"
            );
            Err(PlanError::new(ErrorCode::InvalidUpdateVersion, message))
        }
        None => Ok(()),
    }
}

fn check_metadata_downgrade(
    levels: FeatureLevels<'_>,
    present: i16,
    level: i16,
    direction: Direction,
) -> Result<(), PlanError> {
    let loses = CHANGED_METADATA.iter().any(|changed| level < *changed && *changed <= present);
    let dependent = FEATURES
        .iter()
        .any(|feature| levels.level(feature.name) > 0 && feature.needs.is_some_and(|needed| level < needed));
    if !loses && !dependent {
        return Ok(());
    }
    debug_assert!(release_name(level).is_some(), "checked against the range");
    let why = match direction {
        Direction::DownWhateverIsLost => "Unsafe metadata downgrade is not supported in this version.",
        _ => "Refusing to perform the requested downgrade because it might delete metadata information.",
    };
    let message = format!("Unsupported metadata.version downgrade from {present} to {level}. {why}");
    Err(PlanError::new(ErrorCode::InvalidUpdateVersion, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> Image {
        let mut image = Image::default();
        for (name, level) in [(METADATA_VERSION, 29), ("group.version", 1), ("transaction.version", 2)] {
            image.replay(Record::FeatureLevel(FeatureLevelRecord { name: name.to_owned(), level }));
        }
        image
    }

    fn plan(name: &str, level: i16, direction: Direction) -> Result<usize, String> {
        let image = image();
        let change = FeatureChange { name, level, direction };
        let levels = FeatureLevels { image: &image, quorum: 0 };
        update_features(levels, &[change], BrokerId(1)).map(|records| records.len()).map_err(|e| e.message)
    }

    /// The answers of a controller of Kafka 4.2.
    #[test]
    fn levels_go_where_kafka_lets_them_go() {
        use Direction::{Down, DownWhateverIsLost as Lossy, Up};
        for (name, level, direction, records) in [
            ("group.version", 1, Up, 1 - 1),
            ("group.version", 0, Down, 1),
            ("share.version", 1, Up, 1),
            ("metadata.version", 23, Down, 1),
            ("kraft.version", 1, Up, 0),
        ] {
            assert_eq!(plan(name, level, direction), Ok(records), "{name}={level}");
        }
        for (name, level, direction, why) in [
            (
                "bogus",
                1,
                Up,
                "Invalid update version 1 for feature bogus. Local controller 1 does not support this feature.",
            ),
            ("bogus", 0, Down, "Invalid update version 0 for feature bogus. Feature bogus not found."),
            (
                "streams.version",
                5,
                Up,
                "Invalid update version 5 for feature streams.version. Local controller 1 only supports versions 0-1",
            ),
            (
                "metadata.version",
                0,
                Down,
                "Invalid update version 0 for feature metadata.version. Local controller 1 only supports versions 7-29",
            ),
            (
                "kraft.version",
                1,
                Down,
                "Invalid update version 1 for feature kraft.version. Can't downgrade to a newer version.",
            ),
            (
                "metadata.version",
                22,
                Down,
                "Unsupported metadata.version downgrade from 29 to 22. Refusing to perform the requested downgrade because it might delete metadata information.",
            ),
            (
                "metadata.version",
                7,
                Lossy,
                "Unsupported metadata.version downgrade from 29 to 7. Unsafe metadata downgrade is not supported in this version.",
            ),
        ] {
            assert_eq!(plan(name, level, direction), Err(why.to_owned()), "{name}={level}");
        }
    }
}
