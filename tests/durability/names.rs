//! Names that would lead out of the data directory are refused, whatever command they are given to.

use crate::support::Kt;

const HOSTILE: [&str; 8] = ["../x", "..", ".", "a/b", "/tmp/x", "a\u{0}b", "x/../../y", "..\\x"];

#[test]
fn a_topic_name_never_leaves_the_directory() {
    let kt = Kt::new();
    kt.run("topics --create --topic sound").shows("Created topic sound.\n");
    let before = everything(&kt);
    for name in HOSTILE.iter().filter(|name| !name.contains('\0')) {
        kt.run(["topics", "--create", "--topic", name]).failure(1);
        kt.stdin("line\n").run(["produce", "--topic", name]).failure(1);
        kt.stdin("line\n").run(["produce", "--topic", name, "--sync"]).failure(1);
        let consumed = kt.run(["consume", "--topic", name, "--from-beginning", "--timeout-ms", "10"]);
        assert!(consumed.status() < 2, "{consumed}");
        kt.run(["topics", "--delete", "--topic", name]).failure(1);
    }
    assert_eq!(everything(&kt), before);
}

#[test]
fn a_group_name_never_leaves_the_directory() {
    let kt = Kt::new();
    kt.stdin("one\ntwo\n").run("produce --topic log").shows("");
    let outside = names_in(kt.data().parent().unwrap());
    for group in ["../x", "..", "a/b", "/tmp/x", "x/../../y"] {
        let consume =
            ["consume", "--topic", "log", "--from-beginning", "--max-messages", "1", "--group", group];
        assert_eq!(kt.run(consume).success().lines(), ["one"], "group {group:?}");
        assert_eq!(kt.run(consume).success().lines(), ["two"], "group {group:?}");
        let described = kt.run(["groups", "--describe", "--group", group]).to_string();
        assert!(described.contains("CURRENT-OFFSET"), "group {group:?}:\n{described}");
        let deleted = kt.run(["groups", "--delete", "--group", group]);
        assert_eq!(deleted.status(), 0, "{deleted}");
    }
    assert_eq!(names_in(kt.data().parent().unwrap()), outside);
}

/// The topics, and what lies in the data directory's parent.
fn everything(kt: &Kt) -> (Vec<String>, Vec<String>) {
    (kt.run("topics --list --exclude-internal").success().lines(), names_in(kt.data().parent().unwrap()))
}

fn names_in(directory: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
