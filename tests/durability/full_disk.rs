//! A disk without room: the command says so and fails, nothing acknowledged is lost, reading goes on, and all works
//! again once there is room. Once with a limit on the size of files, once with a real small file system.

use crate::support::Kt;

const PRODUCE: &str = "produce --topic log";

fn lines(run: usize, count: usize) -> String {
    (0..count).map(|line| format!("run {run} line {line} {}\n", "x".repeat(80))).collect()
}

/// Asserts that the records are, for each acknowledged run, all of its lines, and a first part of the failed one's.
#[track_caller]
fn check(records: &[String], acknowledged: &[String], failed: &str, after: &str) {
    let acknowledged: Vec<&str> = acknowledged.iter().flat_map(|text| text.lines()).collect();
    let (first, rest) = records.split_at_checked(acknowledged.len()).expect("every acknowledged line");
    assert!(first == acknowledged, "acknowledged lines are lost or changed");
    let after: Vec<&str> = after.lines().collect();
    let (partial, last) =
        rest.split_at_checked(rest.len() - after.len()).expect("the lines produced afterwards");
    assert_eq!(last, after);
    let failed: Vec<&str> = failed.lines().take(partial.len()).collect();
    assert!(partial == failed, "of the failed run there is something else than a first part");
}

#[track_caller]
fn says_why(errors: &str) {
    let words = ["No space left on device", "File too large", "no space", "file size limit"];
    assert!(words.iter().any(|word| errors.contains(word)), "the error doesn't say why: {errors:?}");
    assert!(!errors.contains("panicked"), "{errors}");
}

#[test]
fn a_file_size_limit_fails_the_run_and_loses_nothing() {
    let kt = Kt::new();
    let limited = ["bash", "-c", "ulimit -f 300; exec \"$0\" \"$@\""];
    let mut acknowledged = Vec::new();
    let failed = loop {
        let input = lines(acknowledged.len(), 1000);
        let output = kt.under(&limited).stdin(input.clone()).run(PRODUCE);
        if output.status() != 0 {
            says_why(&output.failure(1).errors());
            break input;
        }
        acknowledged.push(input);
        assert!(acknowledged.len() < 10, "the limit of 300 KiB was not felt");
    };
    assert!(!acknowledged.is_empty());
    check(&kt.records("log", 0, ""), &acknowledged, &failed, "");
    let after = lines(99, 1000);
    kt.stdin(after.clone()).run(PRODUCE).shows("");
    check(&kt.records("log", 0, ""), &acknowledged, &failed, &after);
}

/// Runs in a mount namespace of its own, where the data directory is a tmpfs of 3 MiB. Prints the number of
/// acknowledged runs; the error and what was read before and after there was room are left in files.
const SMALL_DISK: &str = r#"
mount -t tmpfs -o size=3m none "$KT_DATA_DIR" || exit 77
lines() { awk -v run="$1" 'BEGIN { for (i = 0; i < 2000; i++) printf "run %d line %d %080d\n", run, i, i }'; }
read_all() {
  end=$("$KT" get-offsets --topic log | cut -d: -f3)
  "$KT" consume --topic log --partition 0 --offset earliest --until-offset "$end" 2>/dev/null
}
"$KT" topics --create --topic log >created
head -c 1500000 /dev/zero >"$KT_DATA_DIR/filler"
run=0
while lines $run | "$KT" produce --topic log 2>error; do run=$((run + 1)); ((run < 20)) || exit 3; done
echo $run
read_all >before; echo $? >before.status
lines 50 | "$KT" produce --topic log 2>error.again && exit 4
"$KT" topics --create --topic other >create.out 2>&1; echo $? >create.status
rm "$KT_DATA_DIR/filler"
lines 99 | "$KT" produce --topic log || exit 5
"$KT" topics --create --topic another >/dev/null || exit 6
read_all >after
"#;

#[test]
fn a_full_file_system_fails_the_run_and_loses_nothing() {
    let kt = Kt::new();
    std::fs::create_dir(kt.data()).unwrap();
    let script = format!("unshare --mount --map-root-user bash -c '{}'", SMALL_DISK.replace('\'', r"'\''"));
    let output = kt.bash(&script);
    if matches!(output.status(), 77) || output.to_string().contains("unshare: ") {
        println!("skipped: this system lets nobody mount a tmpfs here:\n{output}");
        return;
    }
    let runs: usize = output.success().text().trim().parse().unwrap();
    assert!(runs > 0);
    let file = |name: &str| std::fs::read_to_string(kt.work().join(name)).unwrap();
    says_why(&file("error"));
    says_why(&file("error.again"));
    let line = |run: usize, line: usize| format!("run {run} line {line} {line:080}\n");
    let text = |run: usize| (0..2000).map(|number| line(run, number)).collect::<String>();
    let acknowledged: Vec<String> = (0..runs).map(text).collect();
    let owned = |text: String| text.lines().map(str::to_owned).collect::<Vec<String>>();
    assert_eq!(file("before.status"), "0\n", "a full disk can still be read");
    let before = owned(file("before"));
    check(&before, &acknowledged, &text(runs), "");
    let after = owned(file("after"));
    assert!(after.starts_with(&before), "what was read once has changed or gone");
    // Between the two runs that count, a first part of the run that was refused again may lie.
    let refused = after.len() - before.len() - 2000;
    let between: String = text(50).lines().take(refused).map(|line| format!("{line}\n")).collect();
    assert_eq!(after[before.len()..], owned(between + &text(99))[..]);
}

/// As `SMALL_DISK`; groups that have been there before come back when there is no room, and once more when there is.
const NO_ROOM_FOR_MEMBERS: &str = r#"
mount -t tmpfs -o size=3m none "$KT_DATA_DIR" || exit 77
consume() { "$KT" consume --topic log --group readers --from-beginning --timeout-ms 60000 --max-messages "$1"; }
share() { "$KT" share-consume --topic log --group workers --timeout-ms 60000 --max-messages "$1"; }
"$KT" topics --create --topic log >created
seq 1 20 | "$KT" produce --topic log
"$KT" share-groups --reset-offsets --group workers --topic log --to-earliest --execute >reset || exit 3
consume 2 && share 2 || exit 4
dd if=/dev/zero of="$KT_DATA_DIR/filler" bs=4096 2>/dev/null
consume 2 >full 2>consume.error; echo $? >consume.status
share 2 >>full 2>share.error; echo $? >share.status
rm "$KT_DATA_DIR/filler"
consume 18 && share 18
"#;

/// A store into a mapped file that has no room kills the process (SIGBUS): members died of it without a word.
#[test]
fn a_full_file_system_refuses_members_and_kills_none() {
    let kt = Kt::new();
    std::fs::create_dir(kt.data()).unwrap();
    let script =
        format!("unshare --mount --map-root-user bash -c '{}'", NO_ROOM_FOR_MEMBERS.replace('\'', r"'\''"));
    let output = kt.bash(&script);
    if matches!(output.status(), 77) || output.to_string().contains("unshare: ") {
        println!("skipped: this system lets nobody mount a tmpfs here:\n{output}");
        return;
    }
    let file = |name: &str| std::fs::read_to_string(kt.work().join(name)).unwrap();
    for command in ["consume", "share"] {
        assert_eq!(file(&format!("{command}.status")), "1\n", "{}", file(&format!("{command}.error")));
        says_why(&file(&format!("{command}.error")));
    }
    assert_eq!(file("full"), "", "nobody has a place");
    let numbers = |range: std::ops::RangeInclusive<u32>| range.map(|n| format!("{n}\n")).collect::<String>();
    let expected = numbers(1..=2) + &numbers(1..=2) + &numbers(3..=20) + &numbers(3..=20);
    assert_eq!(output.success().text(), expected);
}

/// As `SMALL_DISK`; whoever only reads comes to partitions that nobody has looked at in this boot.
const NO_ROOM_FOR_NOTES: &str = r#"
mount -t tmpfs -o size=3m none "$KT_DATA_DIR" || exit 77
seq 1 20 | "$KT" produce --topic log
"$KT" consume --topic log --group readers --from-beginning --max-messages 5 2>/dev/null >read
"$KT" share-groups --reset-offsets --group workers --topic log --to-earliest --execute >reset || exit 3
rm -r "$KT_DATA_DIR/.kt/partitions"
dd if=/dev/zero of="$KT_DATA_DIR/filler" bs=4096 2>/dev/null
"$KT" list-groups --list || exit 4
"$KT" groups --describe --group readers || exit 5
"$KT" share-groups --describe --group workers || exit 6
"$KT" topics --describe --topic log >described || exit 7
"$KT" get-offsets --topic log || exit 8
"#;

/// Where a partition's state file wasn't there yet, the tools that only look failed for want of room for it.
#[test]
fn a_full_file_system_can_be_looked_at() {
    let kt = Kt::new();
    std::fs::create_dir(kt.data()).unwrap();
    let script =
        format!("unshare --mount --map-root-user bash -c '{}'", NO_ROOM_FOR_NOTES.replace('\'', r"'\''"));
    let output = kt.bash(&script);
    if matches!(output.status(), 77) || output.to_string().contains("unshare: ") {
        println!("skipped: this system lets nobody mount a tmpfs here:\n{output}");
        return;
    }
    let shown = output.success_with_notes().text();
    for expected in ["readers", "workers", "log:0:20"] {
        assert!(shown.contains(expected), "{shown}");
    }
}
