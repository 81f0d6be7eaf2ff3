//! What a release of Kafka brings, as kafka-features and kafka-storage print it: the levels of its features, and what a
//! feature needs. Source: spec of the administration tools; KIP-1022.

use super::error::Failure;
use crate::types::features::{
    FEATURES, Feature, METADATA_VERSION, NEWEST_RELEASE, Releases, release_by_name, release_name,
    unknown_release,
};

/// The levels that a release brings; without a name those of the newest one.
pub(super) fn mapping(release: Option<&str>) -> Result<String, Failure> {
    let (level, name) = match release {
        None => (NEWEST_RELEASE, release_name(NEWEST_RELEASE).unwrap_or_default()),
        Some(text) => {
            let unknown = || Failure::plain(unknown_release(text, Releases::All));
            (release_by_name(text, Releases::All).ok_or_else(unknown)?, text)
        }
    };
    let features =
        FEATURES.iter().map(|feature| format!("{}={}\n", feature.name, feature.default_level(level)));
    Ok(format!("{METADATA_VERSION}={level} ({name})\n") + &features.collect::<String>())
}

/// What a level of a feature needs.
pub(super) fn dependencies(name: &str, level: i16) -> Result<String, Failure> {
    if name == METADATA_VERSION {
        let unknown = || Failure::plain(format!("Unknown metadata.version {level}"));
        let release = release_name(level).ok_or_else(unknown)?;
        return Ok(format!("{name}={level} ({release}) has no dependencies.\n"));
    }
    let unknown = || Failure::plain(format!("Unknown feature: {name}"));
    let feature = Feature::by_name(name).ok_or_else(unknown)?;
    if !(0..=feature.max).contains(&level) {
        let message = format!("Feature level {level} is not supported for feature {name}");
        return Err(Failure::plain(message));
    }
    Ok(match feature.needs.filter(|_| level > 0) {
        None => format!("{name}={level} has no dependencies.\n"),
        Some(needed) => {
            let release = release_name(needed).unwrap_or_default();
            format!("{name}={level} requires:\n    {METADATA_VERSION}={needed} ({release})\n")
        }
    })
}

/// Reads `feature=level`; the error is Kafka's sentence.
pub(super) fn feature_and_level(text: &str) -> Result<(&str, i16), String> {
    let refused = |why: String| format!("Can't parse feature=level string {text}: {why}");
    let (name, level) = text.split_once('=').ok_or_else(|| refused("equals sign not found.".to_owned()))?;
    let (name, level) = (name.trim(), level.trim());
    match level.parse() {
        Ok(level) => Ok((name, level)),
        Err(_) => Err(refused(format!("unable to parse {level} as a short."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As recorded of Kafka's programs.
    #[test]
    fn a_release_is_shown_under_the_name_that_was_asked_for() {
        assert_eq!(
            mapping(Some("3.8")).unwrap(),
            "metadata.version=20 (3.8)\nkraft.version=0\ntransaction.version=0\ngroup.version=0\n\
             eligible.leader.replicas.version=0\nshare.version=0\nstreams.version=0\n"
        );
        assert!(mapping(None).unwrap().starts_with("metadata.version=29 (4.2-IV1)\nkraft.version=1\n"));
        assert!(
            mapping(Some("2.8")).unwrap_err().message().starts_with("Unknown metadata.version '2.8'. Sup")
        );
    }

    #[test]
    fn what_is_needed_is_told_and_what_is_unknown_refused() {
        for (name, level, expected) in [
            (METADATA_VERSION, 25, "metadata.version=25 (4.0-IV3) has no dependencies.\n"),
            ("share.version", 1, "share.version=1 has no dependencies.\n"),
            (
                "eligible.leader.replicas.version",
                0,
                "eligible.leader.replicas.version=0 has no dependencies.\n",
            ),
            (
                "eligible.leader.replicas.version",
                1,
                "eligible.leader.replicas.version=1 requires:\n    metadata.version=23 (4.0-IV1)\n",
            ),
        ] {
            assert_eq!(dependencies(name, level).unwrap(), expected);
        }
        for (name, level, expected) in [
            (METADATA_VERSION, 99, "Unknown metadata.version 99"),
            ("bogus", 2, "Unknown feature: bogus"),
            ("group.version", 4, "Feature level 4 is not supported for feature group.version"),
        ] {
            assert_eq!(dependencies(name, level).unwrap_err().message(), expected);
        }
        assert_eq!(feature_and_level("a=1"), Ok(("a", 1)));
        for (text, why) in [
            ("a", "equals sign not found."),
            ("a=x", "unable to parse x as a short."),
            ("a=99999", "unable to parse 99999 as a short."),
        ] {
            assert_eq!(
                feature_and_level(text),
                Err(format!("Can't parse feature=level string {text}: {why}"))
            );
        }
    }
}
