//! Snapshots and restores that are cut short after any operation on the disk.

use super::{Existing, Previous, list, restore, take};
use crate::client::{Acks, OffsetSpec};
use crate::disk;
use crate::local::tests::send;
use crate::local::{Cluster, Site};
use crate::types::{PartitionId, TopicPartition};
use std::path::Path;

/// More operations than any of them takes.
const OPERATIONS_MAX: u64 = 2_000;

/// Where the topic ends that all of this is about.
fn end(dir: &Path) -> i64 {
    let cluster = Cluster::open(dir).unwrap();
    let key = TopicPartition { topic: "t".into(), partition: PartitionId(0) };
    let found = cluster.admin().list_offsets(&[(key, OffsetSpec::Latest)]).pop().unwrap();
    found.unwrap().offset.unwrap().get()
}

fn write(dir: &Path, values: &[&str]) {
    send(&Cluster::open(dir).unwrap(), "t", Acks::All, values);
}

#[test]
fn a_restore_that_is_cut_short_leaves_the_one_or_the_other() {
    let dir = tempfile::tempdir().unwrap();
    let site = Site::of(dir.path());
    write(dir.path(), &["a", "b"]);
    take(&site, "two", Existing::Kept).unwrap();
    write(dir.path(), &["c"]);
    take(&site, "three", Existing::Kept).unwrap();
    let (mut outcomes, mut kept) = ([false, false], None);
    for operations in 0..OPERATIONS_MAX {
        restore(&site, "three", Previous::Dropped).unwrap();
        disk::kill_after(operations);
        let restored = restore(&site, "two", Previous::Kept);
        let was_killed = disk::disarm();
        let end = end(dir.path());
        assert!(end == 2 || end == 3, "{end} after {operations} operations");
        outcomes[usize::from(end == 2)] = true;
        if !was_killed {
            // Those before have kept what was there, too, when they got that far.
            kept = restored.unwrap().kept_as;
            assert_eq!(end, 2);
            break;
        }
        // Whatever was left over is in nobody's way.
        write(dir.path(), &["x"]);
    }
    assert_eq!(outcomes, [true, true]);
    restore(&site, &kept.unwrap(), Previous::Dropped).unwrap();
    assert_eq!(end(dir.path()), 3);
}

#[test]
fn a_snapshot_that_is_cut_short_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let site = Site::of(dir.path());
    write(dir.path(), &["a"]);
    take(&site, "old", Existing::Kept).unwrap();
    write(dir.path(), &["b"]);
    for operations in 0..OPERATIONS_MAX {
        disk::kill_after(operations);
        let taken = take(&site, "new", Existing::Kept);
        if !disk::disarm() {
            taken.unwrap();
            break;
        }
        let names: Vec<String> = list(&site).unwrap().into_iter().map(|snapshot| snapshot.name).collect();
        if names.len() > 1 {
            // All of it was there when its name was given.
            restore(&site, "new", Previous::Dropped).unwrap();
            assert_eq!(end(dir.path()), 2);
            super::delete(&site, "new").unwrap();
        }
    }
    assert_eq!(list(&site).unwrap().len(), 2);
    assert_eq!(end(dir.path()), 2);
    restore(&site, "old", Previous::Dropped).unwrap();
    assert_eq!(end(dir.path()), 1);
}
