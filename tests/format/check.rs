//! `kt check`: silent about what real brokers and kt leave behind, precise about damage.

use super::directory::{ALL, fixture, unpack};
use crate::support::Kt;

fn check(kt: &Kt, more: &str) -> (i32, Vec<String>) {
    let output = kt.run(format!("check {more}"));
    (output.status(), output.lines())
}

#[track_caller]
fn is_sound(kt: &Kt, more: &str) {
    let output = kt.run(format!("check {more}"));
    assert!(output.status() == 0 && output.lines()[0].starts_with("sound: "), "{output}");
}

#[test]
fn what_real_brokers_left_is_sound() {
    for name in ALL.iter().chain(&["cluster3"]) {
        let kt = unpack(name);
        is_sound(&kt, "");
        is_sound(&kt, "--quick");
        let broker = kt.broker().to_str().unwrap().to_owned();
        if *name != "cluster3" {
            is_sound(&kt, &format!("--data-dir {broker}"));
        }
        assert!(!kt.data().join(".kt").exists(), "{name}: a check leaves nothing behind");
    }
}

#[test]
fn what_kt_writes_is_sound_at_any_time() {
    let kt = Kt::new();
    let create = "topics --create --topic log --partitions 3 --config index.interval.bytes=100";
    kt.run(create).shows("Created topic log.\n");
    is_sound(&kt, "");
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let lines: String = (0..50).map(|line| format!("{codec} line {line}\n")).collect();
        kt.stdin(lines).run(format!("produce --topic log --compression-codec {codec}")).shows("");
    }
    kt.run("consume --topic log --group g --from-beginning --max-messages 100").success();
    is_sound(&kt, "");
    let mut writer = kt.start("produce --topic log");
    for round in 0..5 {
        for line in 0..40 {
            writer.write_line(&format!("round {round} line {line}"));
        }
        is_sound(&kt, "--topic log");
    }
    writer.close_stdin();
    assert_eq!(writer.finish().status(), 0);
    is_sound(&kt, "");
    kt.run("groups --delete --group g").success();
    kt.run("topics --delete --topic log").shows("");
    is_sound(&kt, "");
}

#[test]
fn what_kt_has_compacted_and_deleted_is_sound() {
    let kt = Kt::new();
    let configs = "--config segment.bytes=1048576 --config min.cleanable.dirty.ratio=0 --config index.interval.bytes=500";
    kt.run(format!("topics --create --topic c --config cleanup.policy=compact {configs}"))
        .shows("Created topic c.\n");
    kt.run(format!("topics --create --topic d --config retention.bytes=1100000 {configs}"))
        .shows("Created topic d.\n");
    let filler = "x".repeat(200);
    for round in 0..3 {
        let lines: String =
            (0..6000).map(|line| format!("k{}:value {round} {line} {filler}\n", line % 50)).collect();
        let keyed = "--reader-property parse.key=true --reader-property key.separator=:";
        kt.stdin(lines.clone()).run(format!("produce --topic c {keyed}")).success_with_notes();
        kt.stdin(lines).run("produce --topic d").success_with_notes();
        is_sound(&kt, "");
    }
    kt.run("maintain").success_with_notes();
    assert!(kt.run("consume --topic c --from-beginning --timeout-ms 2000").lines().len() < 12_000);
    is_sound(&kt, "");
    is_sound(&kt, "--quick");
}

#[test]
fn damage_is_named_by_file_position_and_offset() {
    let kt = unpack("bitflip");
    let (status, lines) = check(&kt, "");
    assert_eq!(status, 1);
    let damage = std::fs::read_to_string(fixture("bitflip.damage.txt")).unwrap();
    for line in damage.lines() {
        let file = line.split(':').next().unwrap();
        let position = line.split(" at ").nth(1).unwrap().split(',').next().unwrap();
        let named = format!("{file}: position {position} (offset ");
        assert!(lines.iter().any(|found| found.contains(&named)), "{named}\n{}", lines.join("\n"));
    }
    assert!(lines.last().unwrap().starts_with("7 errors and 0 warnings: "), "{lines:?}");
    let (status, lines) = check(&unpack("torn"), "");
    assert_eq!((status, lines.len()), (1, 4), "{lines:?}");
    for place in [
        "rolled-0/00000000000000000032.log: position 682 (offset 44)",
        "tail-0/00000000000000000000.log: position 1321 (offset 26)",
        "tail-1/00000000000000000000.log: position 808 (offset 12)",
    ] {
        assert!(lines.iter().any(|line| line.contains(place)), "{place}: {lines:?}");
    }
}

#[test]
fn a_check_can_be_narrowed_and_read_by_programs() {
    let kt = unpack("bitflip");
    is_sound(&kt, "--topic empty");
    assert_eq!(check(&kt, "--topic text").0, 1);
    let output = kt.run("check --topic nulls --output json").lines().join("\n");
    let view: serde_json::Value = serde_json::from_str(&output).unwrap();
    assert_eq!(view["sound"], false);
    let finding = &view["findings"][0];
    assert_eq!((&finding["severity"], &finding["position"]), (&"error".into(), &91.into()));
    assert_eq!((&finding["offset"], view["partitions"].as_u64()), (&4.into(), Some(1)));
}

#[test]
fn a_wrong_command_line_has_status_2() {
    let kt = Kt::new();
    for arguments in ["check --bogus", "check --output table", "check somewhere"] {
        kt.run(arguments).failure(2);
    }
    let nothing = kt.run("check --data-dir /nonexistent").failure(1).errors();
    assert!(nothing.contains("no broker's directory is there"), "{nothing}");
}

/// The values of all topics, bytes of any kind.
fn values(kt: &Kt) -> Vec<Vec<u8>> {
    // Of the broker's own directory: there no group is kept, which would add to it.
    let broker = kt.broker().to_str().unwrap().to_owned();
    let output = kt.run(format!(
        "consume --include .* --from-beginning --timeout-ms 2000 --skip-damaged --data-dir {broker}"
    ));
    let output = if output.status() == 0 { output.success_with_notes() } else { output.failure(1) };
    let mut values: Vec<Vec<u8>> = output.stdout.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
    values.sort();
    values
}

#[test]
fn a_repair_makes_what_is_left_readable() {
    let kt = unpack("bitflip");
    let own = kt.broker().to_str().unwrap().to_owned();
    let refused = kt.run(format!("check --repair --data-dir {own}")).failure(1).errors();
    assert!(refused.contains("unless it is opened with --writable"), "{refused}");
    let repaired = kt.run("check --repair");
    assert!(repaired.status() == 0 && repaired.lines().last().unwrap().starts_with("sound: "), "{repaired}");
    assert!(kt.data().join(".kt-aside").is_dir());
    is_sound(&kt, "");
    let (left, sound) = (values(&kt), values(&unpack("plain")));
    // Three batches can't be read in text-0, stamped-0 and each of the dotted ones; those with a wrong base offset, magic or
    // length are restored.
    assert!(
        left.iter().all(|value| sound.contains(value)) && left.len() > 50,
        "{} of {}",
        left.len(),
        sound.len()
    );
    kt.stdin("more\n").run("produce --topic text --partition 0").shows("");
    is_sound(&kt, "");
    kt.run("check --repair").success();
}

#[test]
fn torn_logs_and_wrong_indexes_are_repaired_without_loss() {
    let kt = unpack("torn");
    let before = values(&kt);
    assert_eq!(kt.run("check --repair").status(), 0);
    is_sound(&kt, "");
    assert_eq!(values(&kt), before);
    for name in ["txn", "segments"] {
        let kt = unpack(name);
        let before = values(&kt);
        let mut count = 0;
        for partition in std::fs::read_dir(kt.broker()).unwrap() {
            let partition = partition.unwrap().path();
            for file in std::fs::read_dir(&partition).into_iter().flatten() {
                let path = file.unwrap().path();
                let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
                if ["index", "timeindex", "txnindex", "snapshot"].contains(&extension) {
                    count += 1;
                    match count % 3 {
                        0 => std::fs::write(&path, b"garbage that is no index").unwrap(),
                        1 => std::fs::remove_file(&path).unwrap(),
                        _ => std::fs::write(&path, vec![255; 48]).unwrap(),
                    }
                }
            }
            let epochs = partition.join("leader-epoch-checkpoint");
            if epochs.exists() {
                std::fs::write(epochs, "0\nx").unwrap();
            }
        }
        for name in ["recovery-point-offset-checkpoint", "replication-offset-checkpoint"] {
            std::fs::write(kt.broker().join(name), "0\n7\n\0 gar\n").unwrap();
        }
        assert!(count > 20 && check(&kt, "").0 == 1);
        let repaired = kt.run("check --repair");
        assert!(repaired.status() == 0, "{name}: {repaired}");
        is_sound(&kt, "");
        assert_eq!(values(&kt), before, "{name}");
    }
}

#[test]
fn who_has_a_log_open_goes_on_in_the_repaired_one() {
    let kt = Kt::new();
    kt.run("topics --create --topic log --config index.interval.bytes=0").shows("Created topic log.\n");
    let mut writer = kt.start("produce --topic log");
    for line in 0..20 {
        writer.write_line(&format!("before {line}"));
        crate::support::wait_until("it is written", || kt.end("log", 0) == line + 1);
    }
    let log = kt.broker().join("log-0/00000000000000000000.log");
    let mut bytes = std::fs::read(&log).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    std::fs::write(&log, bytes).unwrap();
    assert_eq!(kt.run("check --repair").status(), 0);
    for line in 0..20 {
        writer.write_line(&format!("after {line}"));
    }
    writer.close_stdin();
    assert_eq!(writer.finish().status(), 0);
    is_sound(&kt, "");
    let read = kt.run("consume --topic log --from-beginning --timeout-ms 2000").success_with_notes().lines();
    assert!(read.len() >= 39 && read.ends_with(&["after 19".to_owned()]), "{read:?}");
}

#[test]
fn whose_directory_it_is_can_be_told_from_the_metadata() {
    for (from, to) in
        [("node.id=1", "node.id=7"), ("version=1", "vErsion=1"), ("directory.id=", "directory.id=x")]
    {
        let kt = unpack("plain");
        let path = kt.broker().join("meta.properties");
        let sound = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, sound.replace(from, to)).unwrap();
        let own = format!("--data-dir {} --writable", kt.broker().to_str().unwrap());
        assert_eq!(check(&kt, &own).0, 1, "{from}");
        assert_eq!(kt.run(format!("check --repair {own}")).status(), 0, "{from}");
        is_sound(&kt, "");
        let lines = |text: &str| -> Vec<String> {
            let mut lines: Vec<String> =
                text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(lines(&std::fs::read_to_string(&path).unwrap()), lines(&sound), "{from}");
    }
}
