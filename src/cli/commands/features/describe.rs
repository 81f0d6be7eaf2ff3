//! `describe`: the features that the cluster knows and their levels.

use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use crate::client::{FeatureDescription, FeatureMetadata};
use crate::output::{Align, Format, csv_line, json_pretty, table};
use crate::types::BrokerId;
use crate::types::features::{METADATA_VERSION, release_name};
use serde_json::json;
use std::io::Write;

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let node: Option<i32> = parsed.number("node-id")?;
    let format = context.format(parsed)?;
    let admin = context.connect(parsed)?.admin()?;
    if let Some(node) = node
        && !admin.describe_cluster()?.nodes.iter().any(|broker| broker.id == BrokerId(node))
    {
        return Err(Failure::plain(format!("there is no node {node}")));
    }
    let features = admin.describe_features()?;
    context.stdout.write_all(render(&features, format)?.as_bytes())?;
    Ok(Status::SUCCESS)
}

fn render(metadata: &FeatureMetadata, format: Format) -> Result<String, Failure> {
    let FeatureMetadata { epoch, features } = metadata;
    let rows = || features.iter().map(cells).collect::<Vec<_>>();
    Ok(match format {
        Format::Text => {
            let line = |feature: &FeatureDescription| {
                let (name, first, last) = (&feature.name, feature.supported.0, feature.supported.1);
                let [first, last, level] = [first, last, feature.level].map(|level| shown(name, level));
                format!(
                    "Feature: {name}\tSupportedMinVersion: {first}\tSupportedMaxVersion: {last}\tFinalizedVersionLevel: {level}\tEpoch: {epoch}\n"
                )
            };
            features.iter().map(line).collect()
        }
        Format::Json => {
            let feature = |feature: &FeatureDescription| {
                let (first, last) = feature.supported;
                json!({"name": feature.name, "first": first, "last": last, "level": feature.level})
            };
            json_pretty(
                &json!({"epoch": epoch, "features": features.iter().map(feature).collect::<Vec<_>>()}),
            )?
        }
        Format::Csv => rows()
            .iter()
            .fold(csv_line(&["feature", "first", "last", "level"]), |text, row| text + &csv_line(row)),
        Format::Table => {
            let right = Align::Right;
            let header = [("FEATURE", Align::Left), ("FIRST", right), ("LAST", right), ("LEVEL", right)];
            table(&header, &rows())
        }
    })
}

fn cells(feature: &FeatureDescription) -> Vec<String> {
    let levels = [feature.supported.0, feature.supported.1, feature.level];
    [feature.name.clone()].into_iter().chain(levels.map(|level| shown(&feature.name, level))).collect()
}

/// A level; that of the metadata's format goes by the name of its release.
fn shown(feature: &str, level: i16) -> String {
    match release_name(level).filter(|_| feature == METADATA_VERSION) {
        Some(name) => name.to_owned(),
        None => level.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As recorded of Kafka's program.
    #[test]
    fn the_metadatas_levels_go_by_their_releases() {
        let feature =
            |name: &str, supported, level| FeatureDescription { name: name.to_owned(), supported, level };
        let features = vec![feature("group.version", (0, 1), 1), feature("metadata.version", (7, 29), 29)];
        let expected = "Feature: group.version\tSupportedMinVersion: 0\tSupportedMaxVersion: 1\tFinalizedVersionLevel: 1\tEpoch: 125\n\
                        Feature: metadata.version\tSupportedMinVersion: 3.3-IV3\tSupportedMaxVersion: 4.2-IV1\tFinalizedVersionLevel: 4.2-IV1\tEpoch: 125\n";
        assert_eq!(render(&FeatureMetadata { epoch: 125, features }, Format::Text).unwrap(), expected);
    }
}
