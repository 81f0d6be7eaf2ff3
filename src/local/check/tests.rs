//! Every bit of every file of a small broker's directory, flipped.

use super::{Checked, Depth, Request, check};
use crate::client::{Acks, NewTopic};
use crate::local::tests::send;
use crate::local::{Cluster, Site};
use crate::log::check::flip_every_bit;
use std::path::{Path, PathBuf};

fn checked(dir: &Path, topic: Option<&str>) -> Checked {
    let is_wanted = |name: &str| Some(name) == topic;
    let request =
        Request { site: Site::of(dir), topics: topic.is_some().then_some(&is_wanted), depth: Depth::Full };
    check(&request, &mut |_, _| {}).unwrap()
}

/// A directory of kt's with two topics.
fn directory() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    let configs = vec![("index.interval.bytes".to_owned(), "0".to_owned())];
    let new = NewTopic { name: "demo".to_owned(), partitions: Some(2), configs, ..NewTopic::default() };
    cluster.admin().create_topic(&new).unwrap();
    for values in [&["one", "two"][..], &["three"], &["four", "five", "six"], &["seven"]] {
        send(&cluster, "demo", Acks::All, values);
    }
    let new = NewTopic { name: "empty".to_owned(), partitions: Some(1), ..NewTopic::default() };
    cluster.admin().create_topic(&new).unwrap();
    drop(cluster);
    dir
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// Bits that by nature can't be told: what they say is nowhere else.
fn is_untold(path: &Path, sound: &[u8], flipped: &[u8], byte: usize) -> bool {
    let line_start = sound[..byte].iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
    let line_end = sound[byte..].iter().position(|&b| b == b'\n').map_or(sound.len(), |at| byte + at);
    let line = String::from_utf8_lossy(&sound[line_start..line_end]).into_owned();
    match path.file_name().unwrap().to_str().unwrap() {
        // The cluster's id is in no record of the metadata: another well-formed id is as good.
        "meta.properties" => line.starts_with("cluster.id=") && byte >= line_start + "cluster.id=".len(),
        // A checkpoint that lags is true, and nothing else says by how much it does: any offset at which a batch begins.
        "recovery-point-offset-checkpoint" | "replication-offset-checkpoint" => {
            let number = |bytes: &[u8]| -> Option<i64> {
                let line = bytes.get(line_start..line_end)?;
                std::str::from_utf8(line).ok()?.rsplit_once(' ')?.1.parse().ok()
            };
            number(flipped).is_some() && number(flipped) != number(sound)
        }
        _ => false,
    }
}

#[test]
fn every_flipped_bit_of_a_directory_is_found() {
    let dir = directory();
    assert_eq!(checked(dir.path(), None).findings, []);
    let broker = dir.path().join("broker-1");
    let names =
        files_below(&broker).iter().map(|path| path.strip_prefix(dir.path()).unwrap().to_owned()).collect();
    let found = |dir: &Path, name: &Path| {
        // What is wrong with a partition is found by a look at it alone.
        let topic = name.iter().nth(1).filter(|_| name.iter().count() > 2).and_then(|dir| dir.to_str());
        let topic = topic.map(|dir| dir.rsplit_once('-').unwrap().0);
        !checked(dir, topic).findings.is_empty()
    };
    let (tried, missed) = flip_every_bit(dir.path(), names, &found);
    let (untold, missed): (Vec<_>, Vec<_>) = missed.into_iter().partition(|(name, byte, flipped)| {
        is_untold(name, &std::fs::read(dir.path().join(name)).unwrap(), flipped, *byte)
    });
    let places: Vec<_> = missed.iter().map(|(name, byte, _)| (name, byte)).collect();
    assert!(missed.is_empty(), "{} of {tried} flipped bits were not found: {places:?}", missed.len());
    assert!(tried > 20_000 && untold.len() < 150, "{tried} tried, of {} nothing can be told", untold.len());
    assert_eq!(checked(dir.path(), None).findings, []);
}
