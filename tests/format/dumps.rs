//! What kafka-dump-log printed of every file of every directory, kt prints too: the sound ones, the damaged ones, and those of
//! old formats.

use super::directory::{ALL, fixture, unpack};
use crate::support::unified;

/// The commands of a listing, each with the lines and the status that it had.
fn blocks(name: &str) -> Vec<(String, Vec<String>, i32)> {
    let packed = std::fs::File::open(fixture(&format!("{name}.dump.txt.zst"))).unwrap();
    let text = String::from_utf8(zstd::decode_all(packed).unwrap()).unwrap();
    let mut blocks: Vec<(String, Vec<String>, i32)> = Vec::new();
    let mut in_stdout = true;
    for line in text.split('\n') {
        if let Some(command) = line.strip_prefix("$ kafka-dump-log.sh ") {
            blocks.push((command.to_owned(), Vec::new(), 0));
            in_stdout = true;
        } else if line == "--- stderr" {
            in_stdout = false;
        } else if let Some(status) = line.strip_prefix("? ").and_then(|status| status.parse().ok()) {
            blocks.last_mut().unwrap().2 = status;
        } else if in_stdout {
            blocks.last_mut().unwrap().1.push(line.to_owned());
        }
    }
    blocks
}

fn without_empty_end(mut lines: Vec<String>) -> Vec<String> {
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

#[test]
fn every_file_of_every_directory_is_dumped_as_kafka_dumps_it() {
    let mut count = 0;
    for name in ALL.iter().chain(&["cluster3", "torn", "bitflip", "legacy"]) {
        let kt = unpack(name);
        for (arguments, want, status) in blocks(name) {
            let run =
                kt.named("kafka-dump-log.sh").command(arguments.as_str()).current_dir(kt.data()).output();
            let output = run.unwrap();
            // What is not UTF-8 passes unchanged; Kafka replaces it.
            let got = String::from_utf8_lossy(&output.stdout).split('\n').map(str::to_owned).collect();
            let (want, got) = (without_empty_end(want), without_empty_end(got));
            assert!(want == got, "{name}: {arguments}\n{}", unified(&want, &got));
            assert_eq!(output.status.code(), Some(status), "{name}: {arguments}");
            count += 1;
        }
    }
    assert_eq!(count, 87);
}
