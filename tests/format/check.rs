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
