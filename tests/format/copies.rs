//! What a real broker has written comes through every way of copying: each directory as lines, in the binary form and directly.

use super::directory::{ALL, unpack};
use crate::support::Kt;

/// Every topic of a directory as lines, without offsets: a copy has no holes.
fn content(kt: &Kt, options: &str) -> Vec<String> {
    let lines = kt.run(format!("export --topic '.*' {options}")).success_with_notes().lines();
    let without = |line: String| {
        let (before, behind) = line.split_once("\"offset\":").unwrap();
        format!("{before}{}", behind.split_once(',').unwrap().1)
    };
    lines.into_iter().map(without).collect()
}

#[test]
fn every_record_of_a_brokers_directory_comes_through() {
    // The topics of `trimmed` have a retention of their own, which a copy would be held to at once.
    for name in ALL.into_iter().filter(|&name| name != "trimmed") {
        let kt = unpack(name);
        for level in ["read_committed", "read_uncommitted"] {
            let isolation = format!("--isolation-level {level}");
            let expected = content(&kt, &isolation);
            assert!(!expected.is_empty(), "{name}");
            let total = expected.len();
            kt.run(format!("export --topic '.*' --format binary --output f.ktx {isolation}"))
                .success_with_notes();
            kt.run(format!("export --topic '.*' --with-configs --output f.jsonl {isolation}"))
                .success_with_notes();
            // The records are years old: what rolls a segment would delete the ones before.
            for way in ["frames", "lines", "direct", "again"] {
                let alter =
                    "configs --alter --entity-type brokers --entity-default --add-config log.retention.ms=-1";
                kt.run(format!("{alter} --data-dir {way}-{level}")).success_with_notes();
            }
            kt.run(format!("import f.ktx --data-dir frames-{level}"))
                .shows(&format!("2> Imported a total of {total} records\n"));
            kt.run(format!("import f.jsonl --data-dir lines-{level}"))
                .shows(&format!("2> Imported a total of {total} records\n"));
            kt.run(format!("copy --topic '.*' --to-data-dir direct-{level} {isolation}"))
                .success_with_notes();
            for way in ["frames", "lines", "direct"] {
                let got = content(&kt, &format!("--data-dir {way}-{level}"));
                assert!(got == expected, "{name}, {way}, {level}");
                // What was aborted is as good as committed there, and a second copy has the same offsets.
                let lines = |options: &str| {
                    kt.run(format!("export --topic '.*' {options}")).success_with_notes().lines()
                };
                if way == "direct" {
                    kt.run(format!(
                        "copy --topic '.*' --from-data-dir {way}-{level} --to-data-dir again-{level}"
                    ))
                    .shows(&format!("2> Copied a total of {total} records\n"));
                    assert_eq!(
                        lines(&format!("--data-dir {way}-{level}")),
                        lines(&format!("--data-dir again-{level}"))
                    );
                }
            }
        }
    }
}
