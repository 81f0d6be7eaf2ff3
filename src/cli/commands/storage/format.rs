//! `format`: makes the log directories of a node ready.

use super::info::Meta;
use super::node::Node;
use super::scram;
use super::tool::missing;
use super::voters;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use crate::cli::releases::feature_and_level;
use crate::cli::target::format_directory;
use crate::client::{NewLogDirectory, NewVoter, StoredCredential};
use crate::output::{Made, in_hash_map_order};
use crate::types::Uuid;
use crate::types::features::{
    FEATURES, Feature, KRAFT_VERSION, METADATA_VERSION, NEWEST_RELEASE, OLDEST_RELEASE, Releases,
    release_by_name, release_name, unknown_release,
};
use std::collections::BTreeMap;
use std::io::Write;

const ILLEGAL_ARGUMENT: &str = "java.lang.IllegalArgumentException";
const RUNTIME: &str = "java.lang.RuntimeException";
/// The first format that has records for credentials.
const CREDENTIALS_SINCE: i16 = 11;

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let node = Node::load(parsed)?;
    let cluster_id = parsed.last("cluster-id").ok_or_else(|| missing("cluster-id"))?;
    let quorum = quorum(parsed, &node)?;
    let levels = levels(parsed, &quorum)?;
    let credentials = parsed.texts("add-scram");
    let credentials = credentials.iter().map(|text| scram::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let release = levels.get(METADATA_VERSION).copied().unwrap_or(NEWEST_RELEASE);
    if !credentials.is_empty() && release < CREDENTIALS_SINCE {
        let since = release_name(CREDENTIALS_SINCE).unwrap_or_default();
        return Err(Failure::plain(format!("SCRAM is only supported in metadata.version {since} or later.")));
    }
    let todo = unformatted(context, parsed, &node, &cluster_id)?;
    if todo.is_empty() {
        writeln!(context.stdout, "All of the log directories are already formatted.")?;
        return Ok(Status::SUCCESS);
    }
    let levels = ordered(&levels);
    writeln!(context.stdout, "{}", bootstrap_line(&levels, &credentials, release))?;
    let name = release_name(release).unwrap_or_default();
    for directory in todo {
        let is_metadata = directory == node.metadata_directory;
        let own = quorum.own_directory_id(&node).filter(|_| is_metadata);
        let new = NewLogDirectory {
            path: directory.clone().into(),
            node: node.id,
            cluster_id: cluster_id.clone(),
            directory_id: own.unwrap_or_else(Uuid::random),
            levels: levels.clone(),
            credentials: credentials.clone(),
            voters: quorum.voters().filter(|_| is_metadata).map(<[NewVoter]>::to_vec),
        };
        let kind = match (is_metadata, &new.voters) {
            (false, _) => "data",
            (true, None) => "metadata",
            (true, Some(voters)) if voters.iter().any(|voter| voter.id == node.id) => {
                "dynamic metadata voter"
            }
            (true, Some(_)) => "dynamic metadata",
        };
        writeln!(context.stdout, "Formatting {kind} directory {directory} with metadata.version {name}.")?;
        format_directory(&new)?;
    }
    Ok(Status::SUCCESS)
}

/// Who the first controllers are.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Quorum {
    /// Those of the configuration, or nobody yet.
    Elsewhere,
    /// To be found by later controllers.
    Unknown,
    These(Vec<NewVoter>),
}

impl Quorum {
    fn voters(&self) -> Option<&[NewVoter]> {
        match self {
            Quorum::These(voters) => Some(voters),
            _ => None,
        }
    }

    /// The id that the node's directory must have, if it is one of the controllers.
    fn own_directory_id(&self, node: &Node) -> Option<Uuid> {
        let own = self.voters()?.iter().find(|voter| voter.id == node.id);
        own.map(|voter| voter.directory_id)
    }
}

fn quorum(parsed: &Parsed, node: &Node) -> Result<Quorum, Failure> {
    let refuse = |message: &str| Err(Failure::plain(message));
    let initial = parsed.last("initial-controllers");
    let standalone = parsed.has("standalone");
    if node.has_fixed_voters {
        if standalone || initial.is_some() {
            return refuse(
                "You cannot specify controller.quorum.voters and format the node with --initial-controllers or \
                 --standalone. If you want to use dynamic quorum, please remove controller.quorum.voters and specify \
                 controller.quorum.bootstrap.servers instead.",
            );
        }
        return Ok(Quorum::Elsewhere);
    }
    let listener = node.controller_listener.as_ref();
    if standalone {
        let Some(listener) = listener.filter(|_| node.is_controller) else {
            return refuse("You can only use --standalone on a controller.");
        };
        return Ok(Quorum::These(vec![NewVoter {
            id: node.id,
            directory_id: Uuid::random(),
            listener: listener.name.clone(),
            host: listener.host.clone(),
            port: listener.port,
        }]));
    }
    match initial {
        Some(list) => {
            let name = listener.map_or("CONTROLLER", |listener| listener.name.as_str());
            let wrong = |message| Failure::uncaught(ILLEGAL_ARGUMENT, message);
            Ok(Quorum::These(voters::parse(&list, name).map_err(wrong)?))
        }
        None if parsed.has("no-initial-controllers") => Ok(Quorum::Unknown),
        None if node.is_controller => refuse(
            "Because controller.quorum.voters is not set on this controller, you must specify one of the following: \
             --standalone, --initial-controllers, or --no-initial-controllers.",
        ),
        None => Ok(Quorum::Elsewhere),
    }
}

/// The level of every feature, `metadata.version` too.
fn levels(parsed: &Parsed, quorum: &Quorum) -> Result<BTreeMap<String, i16>, Failure> {
    let mut chosen = BTreeMap::new();
    for feature in parsed.texts("feature") {
        let (name, level) =
            feature_and_level(&feature).map_err(|message| Failure::uncaught(RUNTIME, message))?;
        chosen.insert(name.to_owned(), level);
    }
    let release = release(parsed, &mut chosen)?;
    let mut levels: BTreeMap<String, i16> = FEATURES
        .iter()
        .filter(|feature| feature.name != KRAFT_VERSION)
        .map(|feature| (feature.name.to_owned(), feature.default_level(release)))
        .collect();
    levels.insert(METADATA_VERSION.to_owned(), release);
    for (name, level) in chosen {
        let Some(feature) = Feature::by_name(&name) else {
            let mut known: Vec<&str> = FEATURES.iter().map(|feature| feature.name).collect();
            known.sort_unstable();
            let known = known.join(", ");
            return Err(Failure::plain(format!(
                "Unsupported feature: {name}. Supported features are: {known}"
            )));
        };
        if !(0..=feature.max).contains(&level) {
            let message = format!("No feature:{name} with feature level {level}");
            return Err(Failure::uncaught(ILLEGAL_ARGUMENT, message));
        }
        if name == KRAFT_VERSION {
            check_kraft_version(level, quorum)?;
            continue;
        }
        if let Some(needed) = feature.needs.filter(|needed| level > 0 && release < *needed) {
            let message = format!(
                "{name} could not be set to {level} because it depends on metadata.version level {needed}"
            );
            return Err(Failure::uncaught(ILLEGAL_ARGUMENT, message));
        }
        levels.insert(name, level);
    }
    Ok(levels)
}

/// The format of the metadata, by `--release-version` or as one of the features.
fn release(parsed: &Parsed, chosen: &mut BTreeMap<String, i16>) -> Result<i16, Failure> {
    let by_level = chosen.remove(METADATA_VERSION);
    match (parsed.last("release-version"), by_level) {
        (Some(_), Some(_)) => Err(Failure::plain(
            "Use --release-version instead of --feature metadata.version=X to avoid ambiguity.",
        )),
        (Some(name), None) => release_by_name(&name, Releases::Finished)
            .ok_or_else(|| Failure::plain(unknown_release(&name, Releases::Finished))),
        (None, Some(level)) => match release_name(level) {
            None => {
                let last = NEWEST_RELEASE + 1;
                let message = format!(
                    "No MetadataVersion with feature level {level}. Valid feature levels are from {OLDEST_RELEASE} to {last}."
                );
                Err(Failure::uncaught(ILLEGAL_ARGUMENT, message))
            }
            Some(name) if level > NEWEST_RELEASE => {
                Err(Failure::plain(format!("metadata.version {name} is not yet stable.")))
            }
            Some(_) => Ok(level),
        },
        (None, None) => Ok(NEWEST_RELEASE),
    }
}

/// The feature of a quorum that can change its members has to be on where the quorum can, and off where it can't.
fn check_kraft_version(level: i16, quorum: &Quorum) -> Result<(), Failure> {
    const FLAGS: &str = "--standalone, --initial-controllers, or --no-initial-controllers";
    match (level, quorum) {
        (0, Quorum::Unknown | Quorum::These(_)) => Err(Failure::plain(format!(
            "Cannot set kraft.version to 0 if controller.quorum.voters is empty and one of the flags {FLAGS} is used. For \
             dynamic controllers support, try removing the --feature flag for kraft.version."
        ))),
        (1.., Quorum::Elsewhere) => Err(Failure::plain(format!(
            "Cannot set kraft.version to {level} unless controller.quorum.voters is empty and one of the flags {FLAGS} is \
             used. For dynamic controllers support, try using one of {FLAGS} and removing controller.quorum.voters."
        ))),
        _ => Ok(()),
    }
}

/// The features that are on, in the order in which Kafka writes them.
fn ordered(levels: &BTreeMap<String, i16>) -> Vec<(String, i16)> {
    let own = |(name, level): (&String, &i16)| (name.clone(), *level);
    let (first, others): (Vec<_>, Vec<_>) = levels
        .iter()
        .filter(|(_, level)| **level > 0)
        .map(own)
        .partition(|(name, _)| name == METADATA_VERSION);
    first.into_iter().chain(others).collect()
}

fn bootstrap_line(levels: &[(String, i16)], credentials: &[StoredCredential], release: i16) -> String {
    let levels =
        levels.iter().map(|(name, level)| format!("FeatureLevelRecord(name='{name}', featureLevel={level})"));
    let records = levels.chain(credentials.iter().map(scram::shown));
    let records: Vec<String> =
        records.map(|record| format!("ApiMessageAndVersion({record} at version 0)")).collect();
    format!(
        "Bootstrap metadata: BootstrapMetadata(records=[{}], metadataVersionLevel={release}, source=format command)",
        records.join(", ")
    )
}

/// The directories that are to be made ready, in Kafka's order; those that are must belong to the node and its cluster.
fn unformatted(
    context: &mut Context,
    parsed: &Parsed,
    node: &Node,
    cluster_id: &str,
) -> Result<Vec<String>, Failure> {
    let (mut todo, mut formatted, mut unreadable) = (Vec::new(), Vec::new(), 0);
    for directory in &node.directories {
        match Meta::read(directory) {
            Ok(None) => todo.push(directory.clone()),
            Ok(Some(meta)) => {
                check_meta(directory, &meta, node, cluster_id)?;
                formatted.push(directory);
            }
            Err(_) => {
                writeln!(context.stdout, "I/O error trying to read log directory {directory}. Ignoring...")?;
                unreadable += 1;
            }
        }
    }
    if unreadable == node.directories.len() {
        return Err(Failure::plain("No available log directories to format."));
    }
    if let Some(first) = formatted.first().filter(|_| !parsed.has("ignore-formatted")) {
        return Err(Failure::plain(format!(
            "Log directory {first} is already formatted. Use --ignore-formatted to ignore this directory and format the others."
        )));
    }
    in_hash_map_order(&mut todo, Made::ToMeasure, |directory| directory);
    Ok(todo)
}

fn check_meta(directory: &str, meta: &Meta, node: &Node, cluster_id: &str) -> Result<(), Failure> {
    let path = format!("{directory}/meta.properties");
    if let Some(stored) = meta.get("cluster.id").filter(|stored| *stored != cluster_id) {
        let message = format!("Invalid cluster.id in: {path}. Expected {cluster_id}, but read {stored}");
        return Err(Failure::uncaught(RUNTIME, message));
    }
    let id = node.id.to_string();
    if let Some(stored) = meta.get("node.id").filter(|stored| *stored != id) {
        let message = format!(
            "Stored node id {stored} doesn't match previous node id {id} in {path}. If you moved your data, make sure your \
             configured node id matches. If you intend to create a new node, you should remove all data in your data directories."
        );
        return Err(Failure::uncaught(RUNTIME, message));
    }
    Ok(())
}
