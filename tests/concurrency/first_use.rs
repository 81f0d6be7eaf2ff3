//! The directory is made on first use. Whoever comes first, there is one cluster in the end, and nobody fails.

use crate::support::{Kt, Running};

const ROUNDS: usize = 15;
const AT_ONCE: usize = 6;

#[test]
fn first_uses_at_once_end_with_one_cluster() {
    for _ in 0..ROUNDS {
        let kt = Kt::new();
        let creations: Vec<Running> =
            (0..AT_ONCE).map(|number| kt.start(format!("topics --create --topic topic-{number}"))).collect();
        let producers: Vec<Running> = (0..AT_ONCE)
            .map(|number| kt.stdin(format!("{number}\n")).start("produce --topic shared"))
            .collect();
        for (number, creation) in creations.into_iter().enumerate() {
            creation.finish().shows(&format!("Created topic topic-{number}.\n"));
        }
        for producer in producers {
            producer.finish().shows("");
        }
        let properties = std::fs::read_to_string(kt.broker().join("meta.properties")).unwrap();
        let ids: Vec<&str> = properties.lines().filter(|line| line.starts_with("cluster.id=")).collect();
        assert_eq!(ids.len(), 1, "{properties}");
        let brokers = std::fs::read_dir(kt.data()).unwrap();
        let brokers = brokers.filter(|entry| entry.as_ref().unwrap().file_name() != ".kt").count();
        assert_eq!(brokers, 1, "one broker's directory, and nothing left over");
        let listed = kt.run("topics --list").success().lines();
        let expected: Vec<String> = ["shared".to_owned()]
            .into_iter()
            .chain((0..AT_ONCE).map(|number| format!("topic-{number}")))
            .collect();
        assert_eq!(listed, expected);
        let mut records = kt.records("shared", 0, "");
        records.sort();
        let expected: Vec<String> = (0..AT_ONCE).map(|number| number.to_string()).collect();
        assert_eq!(records, expected);
    }
}

#[test]
fn a_new_directory_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let kt = Kt::new();
    kt.invocation()
        .without("KT_DATA_DIR")
        .env("XDG_DATA_HOME", kt.work())
        .run("topics --create --topic a")
        .shows("Created topic a.\n");
    let mode = std::fs::metadata(kt.work().join("kt")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}
