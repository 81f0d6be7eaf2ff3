//! `kt produce`: where lines go, and what a line may be.

use crate::support::Kt;

#[test]
fn lines_without_a_key_take_turns_across_runs() {
    let kt = Kt::new();
    kt.run("topics --create --topic turns --partitions 3").shows("Created topic turns.\n");
    kt.stdin("0\n1\n2\n3\n").run("produce --topic turns").shows("");
    kt.stdin("4\n5\n").run("produce --topic turns").shows("");
    kt.stdin("6\n").run("produce --topic turns").shows("");
    assert_eq!(kt.records("turns", 0, ""), ["0", "3", "6"]);
    assert_eq!(kt.records("turns", 1, ""), ["1", "4"]);
    assert_eq!(kt.records("turns", 2, ""), ["2", "5"]);
}

#[test]
fn a_key_has_its_partition() {
    // (murmur2(key) & 0x7fffffff) mod 3, as Kafka's clients compute it.
    let kt = Kt::new();
    kt.run("topics --create --topic keys --partitions 3").shows("Created topic keys.\n");
    let keys = ["UA", "AA", "B6", "DL", "EV", "", "ключ"];
    let input: String = keys.iter().flat_map(|key| [format!("{key}\t1\n"), format!("{key}\t2\n")]).collect();
    kt.stdin(input).run("produce --topic keys --reader-property parse.key=true").shows("");
    for key in keys {
        let partition = (murmur2(key.as_bytes()) & 0x7fff_ffff) % 3;
        let records = kt.records("keys", partition as usize, "--formatter-property print.key=true");
        let of_key: Vec<&String> =
            records.iter().filter(|record| record.split('\t').next() == Some(key)).collect();
        assert_eq!(of_key, [&format!("{key}\t1"), &format!("{key}\t2")], "key {key:?}");
    }
}

/// The published function with Kafka's seed, written down once more so that kt's is not checked against itself.
fn murmur2(data: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut hash = 0x9747_b28c ^ data.len() as u32;
    let words = data.chunks_exact(4);
    let rest = words.remainder();
    for word in words {
        let mut k = u32::from_le_bytes(word.try_into().unwrap()).wrapping_mul(M);
        k ^= k >> 24;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    if !rest.is_empty() {
        rest.iter().enumerate().for_each(|(index, byte)| hash ^= u32::from(*byte) << (8 * index));
        hash = hash.wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(M);
    hash ^ (hash >> 15)
}

#[test]
fn a_partition_can_be_named() {
    let kt = Kt::new();
    kt.run("topics --create --topic one --partitions 3").shows("Created topic one.\n");
    kt.stdin("a\nb\nc\n").run("produce --topic one --partition 2").shows("");
    assert_eq!(kt.records("one", 2, ""), ["a", "b", "c"]);
    assert_eq!((kt.end("one", 0), kt.end("one", 1)), (0, 0));
    kt.stdin("a\n").run("produce --topic one --partition 3").failure(1);
}

#[test]
fn all_bytes_survive() {
    let kt = Kt::new();
    let mut line: Vec<u8> = (0..=255).filter(|byte| !b"\n\r".contains(byte)).collect();
    line.extend([0xff, 0xfe, 0xc3, 0x28, 0, 0]);
    kt.stdin([line.clone(), b"\n".to_vec()].concat()).run("produce --topic bytes").shows("");
    let read = kt.run("consume --topic bytes --from-beginning --max-messages 1").success().stdout;
    assert_eq!(read, [line, b"\n".to_vec()].concat());
}

#[test]
fn a_last_line_needs_no_end() {
    let kt = Kt::new();
    kt.stdin("first\nlast").run("produce --topic ends").shows("");
    assert_eq!(kt.records("ends", 0, ""), ["first", "last"]);
}

#[test]
fn a_line_may_be_as_long_as_the_topic_allows() {
    let kt = Kt::new();
    kt.run("topics --create --topic long --config max.message.bytes=3000000").shows("Created topic long.\n");
    let line = "x".repeat(2_999_000);
    kt.stdin(format!("{line}\n"))
        .run("produce --topic long --command-property max.request.size=3000000")
        .shows("");
    assert_eq!(kt.records("long", 0, ""), [line]);
    let too_long = "x".repeat(3_000_001);
    let refused = kt.stdin(format!("{too_long}\nshort\n"));
    let refused = refused.run("produce --topic long --command-property max.request.size=4000000");
    assert_ne!(refused.status(), 0, "no failure of kt exits with 0: {refused}");
    assert_eq!(kt.records("long", 0, "").last().unwrap(), "short", "the lines that fit are sent");
}

#[test]
fn every_codec_reads_back() {
    let kt = Kt::new();
    let mut all = String::new();
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let lines: String = (0..20_000).map(|line| format!("{codec} {line}\n")).collect();
        kt.stdin(lines.clone()).run(format!("produce --topic packed --compression-codec {codec}")).shows("");
        all += &lines;
    }
    let read = kt.run("consume --topic packed --from-beginning --max-messages 100000").success();
    assert!(read.text() == all, "the records differ from what was produced");
}

#[test]
fn nobody_writes_into_kafkas_own_topics() {
    // A record there could be taken for an offset or a group.
    let kt = Kt::new();
    kt.stdin("one\n").run("produce --topic log").shows("");
    kt.run("consume --topic log --group readers --from-beginning --max-messages 1").success();
    for topic in ["__consumer_offsets", "__transaction_state"] {
        let refused =
            kt.stdin("key\tvalue\n").run(format!("produce --topic {topic} --reader-property parse.key=true"));
        assert!(refused.failure(1).errors().starts_with("kt: The request attempted"));
    }
}

#[test]
fn a_signal_ends_it_with_what_was_typed_stored() {
    let kt = Kt::new();
    let mut producer = kt.start("produce --topic log");
    let follower = kt.start("consume --topic log --from-beginning");
    producer.write_line("typed");
    follower.wait_for_line("^typed$");
    producer.interrupt();
    producer.finish().interrupted();
    assert_eq!(kt.records("log", 0, ""), ["typed"]);
}
