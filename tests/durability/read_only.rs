//! A data directory that can't be written (a backup, a mounted snapshot) can be read by every command that only reads,
//! and those that write say what stands in their way.

use crate::support::{Kt, Output};

/// Mounts the data directory over itself, read-only, in a mount namespace of its own, and runs kt there.
const READ_ONLY: &str = "mount --bind \"$KT_DATA_DIR\" \"$KT_DATA_DIR\" && \
                         mount -o remount,bind,ro \"$KT_DATA_DIR\" || exit 77; exec \"$0\" \"$@\"";

fn read_only(kt: &Kt, stdin: &str, arguments: &str) -> Option<Output> {
    let wrapper = ["unshare", "--mount", "--map-root-user", "bash", "-c", READ_ONLY];
    let output = kt.under(&wrapper).stdin(stdin).run(arguments);
    if output.status() == 77 || output.to_string().contains("unshare: ") {
        println!("skipped: this system lets nobody mount a directory read-only:\n{output}");
        return None;
    }
    Some(output)
}

fn prepared() -> Kt {
    let kt = Kt::new();
    kt.run("topics --create --topic log --partitions 2").shows("Created topic log.\n");
    kt.stdin("one\ntwo\nthree\n").run("produce --topic log --partition 0").shows("");
    let read = kt.run("consume --topic log --group readers --from-beginning --max-messages 2").success();
    assert_eq!(read.lines(), ["one", "two"]);
    kt
}

/// Compares what kt says with a writable directory and with a read-only one.
fn compare(kt: &Kt) {
    for arguments in [
        "topics --list",
        "topics --describe",
        "get-offsets --topic log",
        "groups --list",
        "groups --describe --group readers",
        "consume --topic log --partition 0 --offset earliest --until-offset 3",
        "consume --topic log --from-beginning --max-messages 3",
        "consume --topic log --from-beginning --timeout-ms 100",
        "consume --topic log --partition 1 --offset earliest --timeout-ms 100",
    ] {
        let writable = kt.run(arguments);
        assert_eq!(writable.status(), 0, "{writable}");
        let Some(read_only) = read_only(kt, "", arguments) else { return };
        let said = |output: &Output| output.to_string().split_once('\n').map(|(_, said)| said.to_owned());
        assert_eq!(said(&read_only), said(&writable), "{arguments}");
    }
}

#[test]
fn a_read_only_directory_can_be_read() {
    compare(&prepared());
}

#[test]
fn a_read_only_directory_without_live_state_can_be_read() {
    let kt = prepared();
    // As from a real broker's log directory, or from a backup that left .kt out.
    std::fs::remove_dir_all(kt.data().join(".kt")).unwrap();
    let Some(listed) = read_only(&kt, "", "topics --list --exclude-internal") else { return };
    listed.shows("log\n");
    let consume = "consume --topic log --partition 0 --offset earliest --max-messages 3";
    read_only(&kt, "", consume).unwrap().shows("one\ntwo\nthree\n2> Processed a total of 3 messages\n");
    compare(&kt);
}

#[test]
fn a_read_only_directory_is_not_written() {
    let kt = prepared();
    for (stdin, arguments) in [
        ("line\n", "produce --topic log"),
        ("", "topics --create --topic other"),
        ("", "topics --delete --topic log"),
        ("", "consume --topic log --group readers --from-beginning --max-messages 1"),
    ] {
        let Some(output) = read_only(&kt, stdin, arguments) else { return };
        let errors = output.failure(1).errors();
        assert!(errors.contains("can only be read"), "{arguments}: the error doesn't say why: {errors}");
    }
    assert_eq!(kt.records("log", 0, ""), ["one", "two", "three"]);
}
