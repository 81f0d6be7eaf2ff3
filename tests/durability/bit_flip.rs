//! One flipped bit anywhere in a log is found by whoever reads it: the command fails, names the file, the position of
//! the batch and the offset, and prints no record that wasn't written. Base offset, leader epoch and magic lie outside
//! the checksum, so they are compared with their neighbours.

use crate::support::Kt;
use regex::Regex;
use std::path::PathBuf;

const LINES_PER_RUN: usize = 3;
const CODECS: [&str; 4] = ["none", "lz4", "none", "none"];

fn log_with_batches(kt: &Kt) -> (PathBuf, Vec<String>) {
    let mut lines = Vec::new();
    for (run, codec) in CODECS.iter().enumerate() {
        let input: Vec<String> = (0..LINES_PER_RUN).map(|line| format!("run {run} line {line}")).collect();
        let produce = format!("produce --topic log --compression-codec {codec}");
        kt.stdin(input.join("\n")).run(produce).shows("");
        lines.extend(input);
    }
    (kt.broker().join("log-0/00000000000000000000.log"), lines)
}

/// Positions and base offsets of the batches.
fn batches(log: &[u8]) -> Vec<(usize, u64)> {
    let mut found = Vec::new();
    let mut position = 0;
    while let Some(head) = log.get(position..position + 12) {
        found.push((position, u64::from_be_bytes(head[..8].try_into().unwrap())));
        position += 12 + u32::from_be_bytes(head[8..].try_into().unwrap()) as usize;
    }
    assert_eq!(position, log.len(), "the batches fill the log");
    found
}

#[test]
fn every_flipped_bit_is_found() {
    let kt = Kt::new();
    let (path, lines) = log_with_batches(&kt);
    let sound = std::fs::read(&path).unwrap();
    let batches = batches(&sound);
    assert!(batches.len() >= CODECS.len());
    let consume = format!(
        "consume --topic log --partition 0 --offset earliest --max-messages {} --timeout-ms 5000",
        lines.len()
    );
    assert_eq!(kt.run(consume.clone()).success().lines(), lines);
    let names_place = Regex::new(r"00000000000000000000\.log.*position (\d+).*offset (\d+)").unwrap();
    for byte in 0..sound.len() {
        let mut damaged = sound.clone();
        damaged[byte] ^= 1 << (byte % 8);
        std::fs::write(&path, &damaged).unwrap();
        let (position, offset) = *batches.iter().rfind(|(position, _)| *position <= byte).unwrap();
        let place = format!("byte {byte} ({} of the batch at {position}, offset {offset})", byte - position);
        let output = kt.run(consume.clone());
        assert!(output.status() == 1, "{place}: a flipped bit is no error:\n{output}");
        let streams = output.failure(1);
        let printed = streams.lines();
        assert!(lines.starts_with(&printed), "{place}: garbage was printed: {printed:?}");
        assert!(
            printed.len() <= offset as usize,
            "{place}: records of the damaged batch were printed: {printed:?}"
        );
        let errors = streams.errors();
        let Some(found) = names_place.captures(&errors) else {
            panic!("{place}: the error names no file, position and offset:\n{errors}");
        };
        let (named_position, named_offset): (usize, u64) =
            (found[1].parse().unwrap(), found[2].parse().unwrap());
        // A damaged length or base offset may show only at the batch that follows.
        let next = batches.iter().find(|(next, _)| *next > position).copied();
        let named = (named_position, named_offset);
        let near = named_position == position || next.is_some_and(|next| named_position == next.0);
        assert!(near, "{place}: the error names {named:?}:\n{errors}");
    }
    std::fs::write(&path, &sound).unwrap();
    assert_eq!(kt.run(consume).success().lines(), lines);
}

#[test]
fn the_sound_records_before_the_damage_are_read() {
    let kt = Kt::new();
    let (path, lines) = log_with_batches(&kt);
    let mut log = std::fs::read(&path).unwrap();
    let (position, offset) = batches(&log)[2];
    log[position + 70] ^= 1;
    std::fs::write(&path, &log).unwrap();
    let streams = kt.run("consume --topic log --partition 0 --offset earliest --timeout-ms 5000").failure(1);
    assert_eq!(streams.lines(), lines[..offset as usize]);
    let after = kt.run(format!(
        "consume --topic log --partition 0 --offset {} --max-messages {LINES_PER_RUN}",
        offset as usize + LINES_PER_RUN
    ));
    assert_eq!(after.success().lines(), lines[offset as usize + LINES_PER_RUN..]);
}

#[test]
fn a_damaged_index_misleads_nobody() {
    let kt = Kt::new();
    kt.run("topics --create --topic log --config index.interval.bytes=0").shows("Created topic log.\n");
    let (log, lines) = log_with_batches(&kt);
    for extension in ["index", "timeindex"] {
        let path = log.with_extension(extension);
        let sound = std::fs::read(&path).unwrap();
        for byte in 0..sound.len().min(64) {
            let mut damaged = sound.clone();
            damaged[byte] ^= 1 << (byte % 8);
            std::fs::write(&path, &damaged).unwrap();
            for start in [0, 4, lines.len() - 1] {
                let count = lines.len() - start;
                let consume =
                    format!("consume --topic log --partition 0 --offset {start} --max-messages {count}");
                let read = kt.run(format!("{consume} --timeout-ms 5000")).success().lines();
                assert_eq!(read, lines[start..], "{extension}, byte {byte}, offset {start}");
            }
        }
        std::fs::write(&path, &sound).unwrap();
    }
}
