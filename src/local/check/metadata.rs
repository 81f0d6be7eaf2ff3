//! What belongs to the metadata log beside its segments: `quorum-state`, the snapshots, `bootstrap.checkpoint`.

use super::contents::Contents;
use crate::disk;
use crate::log::check::{Findings, Fix, Severity, check_snapshot_file};
use crate::metadata::{Image, Record};
use crate::types::{BrokerId, LeaderEpoch};
use serde_json::Value;
use std::path::Path;

const SNAPSHOT: &str = "whoever starts from it has no metadata, or an older one's";
const BOOTSTRAP: &str = "a broker may refuse to start";
const QUORUM: &str = "a controller may refuse to start, or vote twice in an epoch";

/// Checks the snapshots in the metadata log's directory.
pub(super) fn check_snapshots(dir: &Path, findings: &mut Findings, mut visit: impl FnMut(Record)) {
    for entry in disk::list(dir).unwrap_or_default() {
        let epoch =
            entry.name.strip_suffix(".checkpoint").and_then(|stem| stem.split_once('-')?.1.parse().ok());
        let Some(epoch) = epoch else { continue };
        check_file(&dir.join(&entry.name), LeaderEpoch(epoch), SNAPSHOT, findings, &mut visit);
    }
}

/// Checks the records with which a cluster began.
pub(super) fn check_bootstrap(dir: &Path, findings: &mut Findings) {
    check_file(&dir.join("bootstrap.checkpoint"), LeaderEpoch(0), BOOTSTRAP, findings, |_| {});
}

fn check_file(
    path: &Path,
    epoch: LeaderEpoch,
    meaning: &'static str,
    findings: &mut Findings,
    mut visit: impl FnMut(Record),
) {
    check_snapshot_file(path, epoch, meaning, findings, |header, batch, position, findings| {
        Contents::Metadata.check(header, batch, (path, position), findings, &mut visit);
    });
}

/// Checks who the quorum's voters and leader are by its own file. `newest` is the epoch of the log's last batch.
pub(super) fn check_quorum(dir: &Path, image: &Image, newest: Option<LeaderEpoch>, findings: &mut Findings) {
    let path = dir.join("quorum-state");
    let mut wrong = |what: String| findings.file(Severity::Warning, &path, what, QUORUM, Fix::None);
    let text = match disk::read_text(&path) {
        Ok(Some(text)) => text,
        Ok(None) => return,
        Err(e) => return wrong(e.to_string()),
    };
    let Ok(Value::Object(fields)) = serde_json::from_str(&text) else {
        return wrong("it is no JSON object".to_owned());
    };
    if serde_json::to_string(&fields).is_ok_and(|written| written != text) {
        return wrong("it is not written as such a file is".to_owned());
    }
    let number = |name: &str| fields.get(name).and_then(Value::as_i64);
    let voters: Option<Vec<i64>> = fields.get("currentVoters").and_then(Value::as_array).map(|voters| {
        voters.iter().map(|voter| voter.get("voterId").and_then(Value::as_i64).unwrap_or(-1)).collect()
    });
    let names: Vec<&str> = fields.keys().map(String::as_str).collect();
    const OLD: [&str; 7] =
        ["clusterId", "leaderId", "leaderEpoch", "votedId", "appliedOffset", "currentVoters", "data_version"];
    const NEW: [&str; 5] = ["leaderId", "leaderEpoch", "votedId", "votedDirectoryId", "data_version"];
    let version = number("data_version");
    if !(names == OLD && version == Some(0) || names == NEW && version == Some(1)) {
        return wrong(format!("fields {names:?} of version {version:?}"));
    }
    let is_controller =
        |id: i64| i32::try_from(id).is_ok_and(|id| image.controllers().contains_key(&BrokerId(id)));
    if voters
        .as_ref()
        .is_some_and(|voters| !image.controllers().is_empty() && !voters.iter().all(|&id| is_controller(id)))
    {
        wrong(format!("voters {:?}, of whom some are no controllers", voters.clone().unwrap_or_default()));
    }
    for name in ["leaderId", "votedId"] {
        let Some(id) = number(name) else { return wrong(format!("no {name}")) };
        let known = voters.as_ref().is_none_or(|voters| voters.contains(&id));
        if id != -1 && !known {
            wrong(format!("{name} {id}, which is no voter"));
        }
    }
    let (epoch, voted) = (number("leaderEpoch"), number("votedId"));
    let alone = voters.as_ref().is_some_and(|voters| voters.len() == 1);
    let newest = newest.map_or(0, |newest| i64::from(newest.0));
    // An epoch in which nobody was elected leaves no trace in the log; alone, whoever stands is elected.
    if epoch.is_none_or(|epoch| epoch < newest || alone && epoch != newest) {
        wrong(format!("leader epoch {epoch:?}, and the log's last is {newest}"));
    }
    if alone && (number("leaderId") == Some(-1)) != (voted != Some(-1)) {
        wrong("neither a leader nor a vote, or both".to_owned());
    }
    let of_version_0 = version != Some(0)
        || fields.get("clusterId").and_then(Value::as_str) == Some("") && number("appliedOffset") == Some(0);
    if !of_version_0 {
        wrong("a cluster id or an applied offset, which nobody writes".to_owned());
    }
}
