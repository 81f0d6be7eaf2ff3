//! `upgrade`, `downgrade`, `disable`: other levels of features.

use crate::cli::context::Context;
use crate::cli::error::{Failure, Status, Stream};
use crate::cli::parse::Parsed;
use crate::cli::releases::feature_and_level;
use crate::client::{Commit, FeatureUpdate, UpgradeType};
use crate::types::features::{FEATURES, METADATA_VERSION, Releases, release_by_name, unknown_release};
use std::collections::BTreeMap;
use std::io::Write;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Upgrade,
    Downgrade,
    Disable,
}

impl Action {
    const fn verb(self) -> &'static str {
        match self {
            Action::Upgrade => "upgrade",
            Action::Downgrade => "downgrade",
            Action::Disable => "disable",
        }
    }

    const fn participle(self) -> &'static str {
        match self {
            Action::Upgrade => "upgraded",
            Action::Downgrade => "downgraded",
            Action::Disable => "disabled",
        }
    }

    /// The feature, and the level if the action names one.
    fn object(self, name: &str, level: i16) -> String {
        if self == Action::Disable { name.to_owned() } else { format!("{name} to {level}") }
    }
}

pub(super) fn run(context: &mut Context, parsed: &Parsed, action: Action) -> Result<Status, Failure> {
    let wanted = wanted(context, parsed, action)?;
    let upgrade_type = match (action, parsed.has("unsafe")) {
        (Action::Upgrade, _) => UpgradeType::Upgrade,
        (_, false) => UpgradeType::SafeDowngrade,
        (_, true) => UpgradeType::UnsafeDowngrade,
    };
    for &level in wanted.values() {
        if level < 0 {
            return Err(Failure::plain("Cannot specify a negative version level."));
        }
        if level < 1 && upgrade_type == UpgradeType::Upgrade {
            return Err(Failure::plain(format!(
                "The upgradeType flag should be set to SAFE_DOWNGRADE or UNSAFE_DOWNGRADE when the provided maxVersionLevel:{level} is < 1."
            )));
        }
    }
    let update = |(name, &level): (&String, &i16)| FeatureUpdate { name: name.clone(), level, upgrade_type };
    let updates: Vec<FeatureUpdate> = wanted.iter().map(update).collect();
    let tries = parsed.has("dry-run");
    let commit = if tries { Commit::Never } else { Commit::Yes };
    let result = context.connect(parsed)?.admin()?.update_features(&updates, commit);
    for FeatureUpdate { name, level, .. } in &updates {
        let line = match &result {
            Ok(()) => {
                let done = if tries { "can be" } else { "was" };
                let to = if action == Action::Disable { String::new() } else { format!(" to {level}") };
                format!("{name} {done} {}{to}.", action.participle())
            }
            Err(error) => {
                let could = if tries { "Can" } else { "Could" };
                format!("{could} not {} {}. {}", action.verb(), action.object(name, *level), error.message)
            }
        };
        match result {
            Ok(()) => writeln!(context.stdout, "{line}")?,
            Err(_) => context.note(&line)?,
        }
    }
    match result {
        Ok(()) => Ok(Status::SUCCESS),
        Err(_) => {
            let count = updates.len();
            let message = format!("{count} out of {count} operation(s) failed.");
            Err(Failure::plain(&message).kafka_says(Stream::Stderr, message, Status::FAILURE))
        }
    }
}

/// The levels that the command line asks for, by feature.
fn wanted(context: &mut Context, parsed: &Parsed, action: Action) -> Result<BTreeMap<String, i16>, Failure> {
    let features = parsed.texts("feature");
    let (release, metadata) = (parsed.last("release-version"), parsed.last("metadata"));
    let mut levels = BTreeMap::new();
    if action == Action::Disable {
        for feature in features {
            insert(&mut levels, feature, 0)?;
        }
    } else if let Some(release) = release {
        if metadata.is_some() || !features.is_empty() {
            return Err(Failure::plain("Can not specify `release-version` with other feature flags."));
        }
        let level = release_by_name(&release, Releases::All);
        let level = level.ok_or_else(|| Failure::plain(unknown_release(&release, Releases::All)))?;
        let defaults = FEATURES.iter().map(|feature| (feature.name.to_owned(), feature.default_level(level)));
        levels.insert(METADATA_VERSION.to_owned(), level);
        // What a release doesn't have can't be raised to it.
        levels.extend(defaults.filter(|(_, level)| *level > 0 || action == Action::Downgrade));
    } else {
        if let Some(metadata) = metadata {
            context.note(" `metadata` flag is deprecated and may be removed in a future release.")?;
            let level = release_by_name(&metadata, Releases::All);
            let level = level.ok_or_else(|| Failure::plain(unknown_release(&metadata, Releases::All)))?;
            levels.insert(METADATA_VERSION.to_owned(), level);
        }
        for feature in &features {
            let (name, level) = feature_and_level(feature).map_err(Failure::plain)?;
            insert(&mut levels, name.to_owned(), level)?;
        }
    }
    if levels.is_empty() {
        let message = format!("You must specify at least one feature to {}", action.verb());
        return Err(Failure::plain(message));
    }
    Ok(levels)
}

fn insert(levels: &mut BTreeMap<String, i16>, name: String, level: i16) -> Result<(), Failure> {
    let message = format!("Feature {name} was specified more than once.");
    match levels.insert(name, level) {
        None => Ok(()),
        Some(_) => Err(Failure::plain(message)),
    }
}
