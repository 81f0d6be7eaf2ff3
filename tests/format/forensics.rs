//! Brokers' own log directories: only read unless kt is told otherwise, several as one cluster, damaged ones as far as they go.

use super::directory::{ALL, fixture, unpack};
use super::listings::{Listing, listings};
use crate::support::{Kt, Output};

fn listed(kt: &Kt, directories: &[&str]) -> String {
    let paths: Vec<String> =
        directories.iter().map(|name| kt.data().join(name).to_str().unwrap().to_owned()).collect();
    paths.join(",")
}

fn on(kt: &Kt, directories: &[&str], arguments: &str) -> Output {
    kt.run(format!("{arguments} --data-dir {}", listed(kt, directories)))
}

/// The values are bytes of any kind.
fn values(stdout: &[u8]) -> Vec<Vec<u8>> {
    stdout.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect()
}

/// What a listing's `kafka-get-offsets` and `kafka-consumer-groups` said, kt says of the directory itself.
#[track_caller]
fn compare(kt: &Kt, directories: &[&str], file: &str, keep: fn(&str) -> bool) {
    for Listing { command, stdout, status } in listings(file) {
        let (tool, arguments) = command.split_once(' ').unwrap();
        let output = kt.named(tool).run(format!("{arguments} --data-dir {}", listed(kt, directories)));
        assert_eq!(output.status(), status, "{output}");
        let lines = |lines: Vec<String>| -> Vec<String> {
            lines.into_iter().filter(|line| !line.is_empty() && keep(line)).collect()
        };
        assert_eq!(lines(output.success_with_notes().lines()), lines(stdout), "{file}: {command}");
    }
}

#[test]
fn a_brokers_own_directory_says_what_its_broker_said() {
    for name in ALL.iter().filter(|name| **name != "groups") {
        let kt = unpack(name);
        compare(&kt, &["broker-1"], &format!("{name}.offsets.txt"), |_| true);
        compare(&kt, &["broker-1"], &format!("{name}.groups.txt"), |line| {
            !line.starts_with("Consumer group '")
        });
        assert!(!kt.data().join(".kt").exists(), "{name}: reading leaves nothing behind");
    }
}

#[test]
fn a_brokers_own_directory_is_written_only_where_that_is_asked_for() {
    let kt = unpack("plain");
    let broker = kt.broker().to_str().unwrap().to_owned();
    let produce = |more: &str| {
        kt.stdin("new\n").run(format!("produce --topic text --partition 0 --data-dir {broker} {more}"))
    };
    let refused = produce("").failure(1).errors();
    assert!(refused.contains("only reads unless it is opened with --writable"), "{refused}");
    on(&kt, &["broker-1"], "topics --create --topic t").failure(1);
    produce("--writable").shows("");
    let names = |dir: &std::path::Path| -> Vec<String> {
        let entries = std::fs::read_dir(dir).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert!(!names(&kt.broker()).iter().any(|name| name.starts_with(".kt")), "Kafka would not start on it");
    assert!(kt.data().join(".kt").is_dir(), "where it is when the directory above is kt's");
    assert_eq!(kt.end("text", 0), 7);
    on(&kt, &["broker-1"], "get-offsets --topic text --partitions 0 --output kafka").shows("text:0:7\n");
}

#[test]
fn two_names_of_a_directory_have_the_same_locks() {
    let kt = unpack("plain");
    std::os::unix::fs::symlink(kt.broker(), kt.work().join("link")).unwrap();
    let link = kt.work().join("link").to_str().unwrap().to_owned();
    kt.stdin("one\n")
        .run(format!("produce --topic text --partition 0 --writable --data-dir {link}"))
        .shows("");
    assert!(!kt.work().join(".kt").exists());
    assert_eq!(kt.end("text", 0), 7);
}

#[test]
fn kafkas_own_names_know_no_writable() {
    let kt = Kt::new();
    let output = kt.named("kafka-topics.sh").run("--list --writable --data-dir d");
    let text = output.to_string();
    assert!(output.status() == 1 && text.contains("writable is not a recognized option"), "{text}");
}

#[test]
fn three_brokers_are_one_cluster() {
    let kt = unpack("cluster3");
    let parent = kt.data().to_str().unwrap().to_owned();
    for directories in [vec!["broker-1", "broker-2", "broker-3"], vec![parent.as_str()]] {
        compare(&kt, &directories, "cluster3.offsets.txt", |_| true);
        compare(&kt, &directories, "cluster3.groups.txt", |line| !line.starts_with("Consumer group '"));
    }
    let described = on(&kt, &[&parent], "topics --describe --topic r2 --output kafka").success().text();
    assert!(described.contains("Replicas: 3,1"), "{described}");
    on(&kt, &["broker-2", "broker-3"], "topics --create --topic t --writable").failure(1);
    let one = on(&kt, &["broker-1"], "get-offsets --topic r1 --output kafka").failure(1);
    assert_eq!(one.lines(), ["r1:2:20"]);
    assert!(
        one.errors().contains("no replica of this partition is in the directories given"),
        "{}",
        one.errors()
    );
}

#[test]
fn damage_in_one_partition_keeps_no_other_from_being_read() {
    let kt = unpack("bitflip");
    let all = "consume --include .* --from-beginning --timeout-ms 2000";
    let read = on(&kt, &["broker-1"], all).failure(1);
    let damage = std::fs::read_to_string(fixture("bitflip.damage.txt")).unwrap();
    for line in damage.lines() {
        let file = line.split(':').next().unwrap();
        assert!(read.errors().contains(file), "{file} is not named:\n{}", read.errors());
    }
    let skipping = on(&kt, &["broker-1"], &format!("{all} --skip-damaged")).failure(1);
    assert!(
        values(&skipping.stdout).len() > values(&read.stdout).len() + 10,
        "records behind the damage come too"
    );
    let sound = values(&unpack("plain").run(all).success_with_notes().stdout);
    assert!(values(&skipping.stdout).iter().all(|line| sound.contains(line)), "nothing is made up");
}

#[test]
fn topics_are_made_out_from_directories_where_the_metadata_is_gone() {
    let kt = unpack("plain");
    std::fs::remove_dir_all(kt.broker().join("__cluster_metadata-0")).unwrap();
    std::fs::remove_file(kt.broker().join("meta.properties")).unwrap();
    let offsets = on(&kt, &["broker-1"], "get-offsets --output kafka").failure(1);
    assert_eq!(offsets.lines(), listings("plain.offsets.txt")[0].stdout);
    for named in ["meta.properties", "__cluster_metadata-0"] {
        assert!(offsets.errors().contains(named), "{}", offsets.errors());
    }
    let describe = "topics --describe --topic text --output kafka";
    let id = unpack("plain").run(describe).success().text();
    let id = id.split('\t').nth(1).unwrap().to_owned();
    let described = on(&kt, &["broker-1"], describe).failure(1);
    assert!(described.lines()[0].contains(&id), "partition.metadata knows {id}: {:?}", described.lines());
}

#[test]
fn garbage_in_small_files_and_cut_metadata_are_named_and_the_records_are_read() {
    for (file, bytes) in [
        ("meta.properties", &b"garbage"[..]),
        ("recovery-point-offset-checkpoint", b"0\n9\nx"),
        ("log-start-offset-checkpoint", b"\xff\xff"),
        ("text-1/partition.metadata", b""),
        ("text-1/leader-epoch-checkpoint", b"\x00\x01"),
        ("text-1/00000000000000000000.index", b"garbage"),
        ("text-1/00000000000000000000.timeindex", b"garbage that is longer"),
    ] {
        let kt = unpack("plain");
        let consume = "consume --topic text --partition 1 --offset earliest --max-messages 9";
        let sound = on(&kt, &["broker-1"], consume).success_with_notes().lines();
        assert_eq!(sound.len(), 9);
        std::fs::write(kt.broker().join(file), bytes).unwrap();
        let output = on(&kt, &["broker-1"], consume);
        assert_eq!(output.lines(), sound, "{file}: {output}");
    }
    let kt = unpack("plain");
    let log = kt.broker().join("__cluster_metadata-0/00000000000000000000.log");
    let bytes = std::fs::read(&log).unwrap();
    std::fs::write(&log, &bytes[..700]).unwrap();
    let offsets = on(&kt, &["broker-1"], "get-offsets --output kafka");
    assert_eq!(offsets.lines(), listings("plain.offsets.txt")[0].stdout, "{offsets}");
}

#[test]
fn a_lost_segment_is_named_and_passed_over() {
    let kt = unpack("segments");
    let topic = "bysize";
    let dir = kt.broker().join(format!("{topic}-0"));
    assert!(dir.is_dir(), "{:?}", std::fs::read_dir(kt.broker()).unwrap().collect::<Vec<_>>());
    let mut logs: Vec<_> = std::fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .collect();
    logs.sort();
    let consume = format!("consume --topic {topic} --from-beginning --timeout-ms 2000");
    let sound = on(&kt, &["broker-1"], &consume).success_with_notes().lines();
    std::fs::remove_file(&logs[1]).unwrap();
    let lost = on(&kt, &["broker-1"], &consume).failure(1);
    assert!(lost.errors().contains("the file ends here, and the next begins at"), "{}", lost.errors());
    let skipping = on(&kt, &["broker-1"], &format!("{consume} --skip-damaged")).failure(1);
    assert!(skipping.lines().len() > lost.lines().len() && skipping.lines().len() < sound.len());
    assert_eq!(skipping.lines().last(), sound.last());
}

#[test]
fn one_bad_log_of_groups_hides_no_other() {
    let kt = unpack("groups");
    let list = "list-groups --list --output kafka";
    let all = on(&kt, &["broker-1"], list).success_with_notes().lines();
    let log = kt.broker().join("__consumer_offsets-1/00000000000000000000.log");
    // What can't be read at all: here a directory, as root may read everything else.
    std::fs::remove_file(&log).unwrap();
    std::fs::create_dir(&log).unwrap();
    let some = on(&kt, &["broker-1"], list).failure(1);
    assert!(some.errors().contains("__consumer_offsets-1/00000000000000000000.log"), "{}", some.errors());
    assert!(some.lines().len() < all.len() && some.lines().len() > all.len() / 2);
    assert!(some.lines().iter().all(|line| all.contains(line)));
}

#[test]
fn two_disks_of_a_broker_are_one_broker() {
    let kt = unpack("plain");
    let other = kt.data().join("disk-2");
    std::fs::create_dir(&other).unwrap();
    std::fs::copy(kt.broker().join("meta.properties"), other.join("meta.properties")).unwrap();
    for partition in ["text-0", "text-2", "nulls-0"] {
        std::fs::rename(kt.broker().join(partition), other.join(partition)).unwrap();
    }
    compare(&kt, &["broker-1", "disk-2"], "plain.offsets.txt", |_| true);
    compare(&kt, &["disk-2", "broker-1"], "plain.offsets.txt", |_| true);
    let one = on(&kt, &["broker-1"], "get-offsets --output kafka").failure(1);
    assert_eq!(one.lines().len(), 6);
}
