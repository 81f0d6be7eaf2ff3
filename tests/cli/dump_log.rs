//! `kafka-dump-log` over files that Kafka wrote, sound and damaged: `fixtures/dump-log`, and in `listing.txt` what Kafka's own
//! tool printed of them. A block there is a command after `$ `, its standard output, its standard error after `--- stderr`
//! without stack traces, and `? STATUS` if that isn't 0.

use crate::support::Kt;
use std::fmt::Write;
use std::path::{Path, PathBuf};

const PROGRAM: &str = "kafka-dump-log.sh";

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/dump-log")
}

/// The output of one command, in the form of a block of the listing.
fn block(kt: &Kt, name: &str, arguments: &str) -> String {
    let output = kt.named(name).command(arguments).current_dir(directory()).output().unwrap();
    let mut block = String::from_utf8(output.stdout).unwrap();
    if !block.is_empty() && !block.ends_with('\n') {
        block.push('\n');
    }
    if !output.stderr.is_empty() {
        let here = format!("{}/", directory().display());
        let stderr = String::from_utf8(output.stderr).unwrap().replace(&here, "$PWD/");
        write!(block, "--- stderr\n{}\n", stderr.trim_end()).unwrap();
    }
    match output.status.code() {
        Some(0) => block,
        code => block + &format!("? {}\n", code.unwrap()),
    }
}

#[test]
fn every_file_is_shown_as_kafka_shows_it() {
    let kt = Kt::new();
    let listing = std::fs::read_to_string(directory().join("listing.txt")).unwrap();
    let mut checked = 0;
    for recorded in listing.split(&format!("$ {PROGRAM} ")).skip(1) {
        let (arguments, expected) = recorded.split_once('\n').unwrap();
        let found = block(&kt, PROGRAM, arguments);
        if let Some((expected, found)) = expected.lines().zip(found.lines()).find(|(a, b)| a != b) {
            panic!("{PROGRAM} {arguments}\nKafka: {expected}\nkt:    {found}");
        }
        assert_eq!(found, expected, "{arguments}");
        checked += 1;
    }
    assert_eq!(checked, 76);
}

#[test]
fn in_kts_register_a_damaged_file_is_named_with_the_place() {
    let kt = Kt::new();
    let shown = block(&kt, "kt", "dump-log --files damaged/text-2/00000000000000000000.log --deep-iteration");
    let stderr = shown.split_once("--- stderr\n").unwrap().1;
    assert_eq!(
        stderr,
        "kt: damaged/text-2/00000000000000000000.log: the batch at byte 447: the batch is longer than its 4 records\n? 1\n"
    );
}

#[test]
fn a_missing_index_is_not_made() {
    let kt = Kt::new();
    let log = directory().join("plain/nulls-0/00000000000000000000.log");
    std::fs::copy(log, kt.work().join("00000000000000000000.log")).unwrap();
    std::fs::write(kt.work().join("00000000000000000000.timeindex"), "").unwrap();
    let streams = kt.named(PROGRAM).run("--files 00000000000000000000.timeindex").failure(1);
    let stderr = String::from_utf8(streams.stderr).unwrap();
    assert_eq!(
        stderr,
        "Exception in thread \"main\" java.lang.IllegalArgumentException: Invalid max index size: -1\n"
    );
    assert!(!kt.work().join("00000000000000000000.index").exists());
}
