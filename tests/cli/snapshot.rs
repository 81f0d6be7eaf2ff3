//! `kt snapshot` and `kt restore`: one moment of a directory that others work on, and back to it.

use crate::support::Kt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

const SMALL: &str = "--config internal.segment.bytes=300";

fn seeded() -> Kt {
    let kt = Kt::new();
    kt.run(format!("topics --create --topic orders {SMALL}")).success();
    for line in 0..8 {
        kt.stdin(format!("order {line}\n")).run("produce --topic orders").success();
    }
    kt.run("consume --topic orders --group billing --from-beginning --max-messages 5").success();
    kt
}

fn logs(broker: &Path) -> Vec<(u64, String)> {
    let entries = std::fs::read_dir(broker.join("orders-0")).unwrap().map(|entry| entry.unwrap());
    let logs = entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(".log"));
    let mut logs: Vec<(u64, String)> = logs
        .map(|entry| (entry.metadata().unwrap().ino(), entry.file_name().into_string().unwrap()))
        .collect();
    logs.sort_by(|one, other| one.1.cmp(&other.1));
    logs
}

#[test]
fn a_directory_comes_back_as_it_was() {
    let kt = seeded();
    kt.run("snapshot seed").shows("");
    kt.stdin("order 8\n").run("produce --topic orders").success();
    kt.run("topics --create --topic later").success();
    kt.run("consume --topic orders --group billing --max-messages 4").success();
    kt.run("restore seed").shows("2> kt: what was there is kept as snapshot 'before-seed'");
    assert_eq!(kt.end("orders", 0), 8);
    kt.run("topics --list").shows("__consumer_offsets\norders");
    kt.run("consume --topic orders --group billing --max-messages 3")
        .shows("order 5\norder 6\norder 7\n2> Processed a total of 3 messages");
    kt.stdin("another 8\n").run("produce --topic orders").success();
    kt.run("check").success();
    kt.run("snapshot --list").shows("before-seed\nseed");
    // The snapshots are what they were, whoever has written since.
    for (name, last) in [("seed", "order 7"), ("before-seed", "order 8")] {
        let dir = kt.data().join("snapshots").join(name);
        kt.run(format!("check --data-dir {}", dir.display())).success();
        let read =
            format!("consume --data-dir {} --topic orders --from-beginning --timeout-ms 1", dir.display());
        assert_eq!(kt.run(read).success().lines().last().unwrap(), last);
    }
    kt.run("restore before-seed --discard").shows("");
    assert_eq!(kt.records("orders", 0, "").last().unwrap(), "order 8");
    kt.run("snapshot --delete seed").shows("");
    kt.run("snapshot --list").shows("before-seed");
    kt.run("restore seed").failure(1);
}

#[test]
fn nothing_that_is_written_to_is_shared_by_name() {
    let kt = seeded();
    kt.run("snapshot one").success();
    let (here, there) = (logs(&kt.broker()), logs(&kt.data().join("snapshots/one/broker-1")));
    assert!(here.len() > 1, "{here:?}");
    assert_ne!(here.last().unwrap().0, there.last().unwrap().0);
    // Even if the last segment is lost: the one before it is appended to then, and may have two names.
    let lost = kt.broker().join("orders-0").join(&here.last().unwrap().1);
    std::fs::remove_file(lost).unwrap();
    std::fs::remove_dir_all(kt.data().join(".kt")).unwrap();
    let _ = std::fs::remove_file(kt.broker().join(".kafka_cleanshutdown"));
    let _ = std::fs::remove_file(kt.broker().join("recovery-point-offset-checkpoint"));
    kt.stdin("onto what was closed\n").run("produce --topic orders").success();
    let snapshot = kt.data().join("snapshots/one");
    kt.run(format!("check --data-dir {}", snapshot.display())).success();
    let read =
        format!("consume --data-dir {} --topic orders --from-beginning --timeout-ms 1", snapshot.display());
    assert_eq!(kt.run(read).success().lines().len(), 8);
}

#[test]
fn a_snapshot_taken_while_others_write_is_one_moment() {
    let kt = Kt::new();
    kt.run("topics --create --topic left").success();
    kt.run("topics --create --topic right").success();
    // Each line goes to the one topic, and when that is acknowledged to the other one.
    let script = "for line in $(seq 1 60); do \
                    echo $line | \"$KT\" produce --topic left; echo $line | \"$KT\" produce --topic right; \
                  done";
    let taken = std::thread::scope(|scope| {
        let writing = scope.spawn(|| kt.bash(script).success());
        let mut taken = 0;
        while !writing.is_finished() && taken < 20 {
            kt.run(format!("snapshot s{taken}")).success();
            taken += 1;
        }
        taken
    });
    for number in 0..taken {
        let dir = kt.data().join(format!("snapshots/s{number}"));
        kt.run(format!("check --data-dir {}", dir.display())).success();
        let end = |topic: &str| {
            let line = format!("get-offsets --data-dir {} --topic {topic}", dir.display());
            kt.run(line).success().text().trim_end().rsplit(':').next().unwrap().parse::<i64>().unwrap()
        };
        let (left, right) = (end("left"), end("right"));
        assert!(left == right || left == right + 1, "snapshot {number}: {left} and {right}");
    }
}

#[test]
fn a_directory_in_use_is_not_restored() {
    let kt = seeded();
    kt.run("snapshot seed").success();
    let mut consumer = kt.start("consume --topic orders --from-beginning --group other");
    consumer.wait_for_line("order 7");
    let told = kt.run("restore seed").failure(1).errors();
    assert!(told.contains("is in use by process"), "{told}");
    assert!(consumer.is_alive());
    consumer.interrupt();
    consumer.finish().interrupted();
    kt.run("restore seed --discard").shows("");
    assert!(!kt.data().join(".broker-1.restored").exists());
    assert_eq!(std::fs::read_dir(kt.data().join("snapshots")).unwrap().count(), 1);
}

#[test]
fn names_are_checked_and_none_is_replaced_unasked() {
    let kt = seeded();
    kt.run("snapshot seed").success();
    kt.run("snapshot seed").shows("2> kt: there is a snapshot 'seed' already\n? 1");
    kt.stdin("order 8\n").run("produce --topic orders").success();
    kt.run("snapshot seed --force").shows("");
    kt.run("restore seed --discard").shows("");
    assert_eq!(kt.end("orders", 0), 9);
    for line in [
        "snapshot",
        "snapshot ../x",
        "snapshot .x",
        "snapshot a b",
        "snapshot a --list",
        "restore",
        "restore a/b",
    ] {
        kt.run(line).failure(2);
    }
    let broker = kt.broker();
    kt.run(format!("snapshot x --data-dir {}", broker.display())).failure(1);
}
