//! The features of a cluster and the releases that brought them: a pure table, with what it means.
//!
//! `metadata.version` counts the releases of the metadata's format; the other features have small levels of their own, 0 is off.
//! Source: what kafka-features of Kafka 4.2 answers to version-mapping and feature-dependencies (KIP-584, KIP-1022).

/// The feature that says how all metadata records are to be read.
pub(crate) const METADATA_VERSION: &str = "metadata.version";
/// The feature of the quorum itself, kept beside the metadata and not in it.
pub(crate) const KRAFT_VERSION: &str = "kraft.version";

/// The oldest format that Kafka 4.2 reads.
pub(crate) const OLDEST_RELEASE: i16 = 7;
/// The format of Kafka 4.2.
pub(crate) const NEWEST_RELEASE: i16 = 29;

/// The names of the formats from `OLDEST_RELEASE` on. The last one is known to Kafka 4.2 and not yet allowed.
const RELEASES: [&str; 24] = [
    "3.3-IV3", "3.4-IV0", "3.5-IV0", "3.5-IV1", "3.5-IV2", "3.6-IV0", "3.6-IV1", "3.6-IV2", "3.7-IV0",
    "3.7-IV1", "3.7-IV2", "3.7-IV3", "3.7-IV4", "3.8-IV0", "3.9-IV0", "4.0-IV0", "4.0-IV1", "4.0-IV2",
    "4.0-IV3", "4.1-IV0", "4.1-IV1", "4.2-IV0", "4.2-IV1", "4.3-IV0",
];

/// Whether formats count that are still being worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Releases {
    All,
    Finished,
}

/// A feature besides the metadata's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Feature {
    pub(crate) name: &'static str,
    /// The highest level.
    pub(crate) max: i16,
    /// From which format on it is on by default, and the level that it then has.
    default: (i16, i16),
    /// The format that any level but 0 needs.
    pub(crate) needs: Option<i16>,
}

/// In the order in which Kafka lists them.
pub(crate) const FEATURES: [Feature; 6] = [
    Feature { name: KRAFT_VERSION, max: 1, default: (21, 1), needs: None },
    Feature { name: "transaction.version", max: 2, default: (24, 2), needs: None },
    Feature { name: "group.version", max: 1, default: (22, 1), needs: None },
    Feature { name: "eligible.leader.replicas.version", max: 1, default: (26, 1), needs: Some(23) },
    Feature { name: "share.version", max: 1, default: (28, 1), needs: None },
    Feature { name: "streams.version", max: 1, default: (29, 1), needs: None },
];

impl Feature {
    pub(crate) fn by_name(name: &str) -> Option<&'static Feature> {
        FEATURES.iter().find(|feature| feature.name == name)
    }

    /// The level that it has in a cluster made for this format.
    pub(crate) const fn default_level(&self, release: i16) -> i16 {
        let (since, level) = self.default;
        if release >= since { level } else { 0 }
    }
}

/// The name of a format.
pub(crate) fn release_name(release: i16) -> Option<&'static str> {
    let index = release.checked_sub(OLDEST_RELEASE)?;
    RELEASES.get(usize::try_from(index).ok()?).copied()
}

/// The format that `text` names: `4.0-IV1`, or `4.0` and `4.0.1` for the last one of a release.
pub(crate) fn release_by_name(text: &str, which: Releases) -> Option<i16> {
    let mut segments = text.split('.');
    let key = match (segments.next(), segments.next(), segments.next()) {
        (Some(major), Some(minor), Some(_)) => format!("{major}.{minor}"),
        _ => text.to_owned(),
    };
    let of_release = |name: &str| name == key || name.split_once("-IV").is_some_and(|(name, _)| name == key);
    let found = (OLDEST_RELEASE..).zip(RELEASES).filter(|(release, name)| match release {
        ..=NEWEST_RELEASE => of_release(name),
        _ => which == Releases::All && *name == key,
    });
    found.map(|(release, _)| release).last()
}

/// Kafka's sentence about a name that is no format.
pub(crate) fn unknown_release(text: &str, which: Releases) -> String {
    let names: Vec<&str> = (OLDEST_RELEASE..)
        .zip(RELEASES)
        .filter(|(release, _)| which == Releases::All || *release <= NEWEST_RELEASE)
        .map(|(_, name)| name)
        .collect();
    format!("Unknown metadata.version '{text}'. Supported metadata.version are: {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_found_by_all_their_names() {
        for (text, release) in [
            ("3.3-IV3", Some(7)),
            ("3.3", Some(7)),
            ("3.5.1", Some(11)),
            ("3.8", Some(20)),
            ("4.0-IV1", Some(23)),
            ("4.2.0", Some(29)),
            ("4.3-IV0", Some(30)),
            ("4.3", None),
            ("2.8", None),
            ("", None),
        ] {
            assert_eq!(release_by_name(text, Releases::All), release, "{text}");
        }
        assert_eq!(release_by_name("4.3-IV0", Releases::Finished), None);
        assert_eq!((release_name(29), release_name(6), release_name(31)), (Some("4.2-IV1"), None, None));
        assert!(unknown_release("x", Releases::Finished).ends_with("4.2-IV0, 4.2-IV1"));
    }

    #[test]
    fn a_release_brings_its_features() {
        let levels = |release: i16| FEATURES.map(|feature| feature.default_level(release));
        assert_eq!(levels(20), [0, 0, 0, 0, 0, 0]);
        assert_eq!(levels(23), [1, 0, 1, 0, 0, 0]);
        assert_eq!(levels(28), [1, 2, 1, 1, 1, 0]);
        assert_eq!(levels(29), [1, 2, 1, 1, 1, 1]);
    }
}
