//! The files in `completions/` and `man/` are what kt makes of its table of tools.

use crate::support::Kt;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

#[test]
fn completions_are_current() {
    let kt = Kt::new();
    for (shell, file) in [("bash", "kt.bash"), ("zsh", "_kt"), ("fish", "kt.fish")] {
        let made = kt.run(format!("completions {shell}")).success().text();
        let kept = fs::read_to_string(project().join("completions").join(file)).unwrap_or_default();
        assert!(made == kept, "run: kt completions {shell} > completions/{file}");
    }
}

#[test]
fn manual_pages_are_current() {
    let kt = Kt::new();
    let directory = tempfile::tempdir().unwrap();
    kt.run(["man", directory.path().to_str().unwrap()]).shows("");
    let (made, kept) = (pages(directory.path()), pages(&project().join("man")));
    assert!(made.len() > 5, "a page for each tool");
    assert_eq!(made.keys().collect::<Vec<_>>(), kept.keys().collect::<Vec<_>>(), "run: rm man/*; kt man man");
    let stale: Vec<&String> =
        made.iter().filter(|(name, page)| kept[*name] != **page).map(|(name, _)| name).collect();
    assert!(stale.is_empty(), "{stale:?} are not what kt makes; run: kt man man");
}

#[test]
fn completion_knows_the_topics_of_the_directory() {
    let kt = Kt::new();
    kt.run("topics --create --topic orders").shows("Created topic orders.\n");
    kt.run("topics --create --topic others").shows("Created topic others.\n");
    let complete = |line: &[&str]| {
        let words: Vec<OsString> = ["--", "kt"].iter().chain(line).map(OsString::from).collect();
        kt.invocation().env("KT_COMPLETE", "fish").run(words).success().text()
    };
    assert_eq!(complete(&["consume", "--topic", "ord"]).trim_end(), "orders");
    assert!(complete(&["consume", "--from"]).starts_with("--from-beginning\t"));
    assert_eq!(complete(&["consume", "--data-dir", "nowhere", "--topic", "o"]), "");
    assert!(!kt.data().with_file_name("nowhere").exists(), "completion makes no directory");
}

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of each file in a directory.
fn pages(directory: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()))
        .collect()
}
