//! Topics beside themselves and in other directories.

use super::odd::{lines, odd};
use crate::support::{Kt, wait_until};

/// The lines of an export with the topic's name taken out.
fn content(kt: &Kt, options: &str, topic: &str) -> Vec<String> {
    let name = format!("\"topic\":\"{topic}\"");
    lines(kt, options).into_iter().map(|line| line.replace(&name, "\"topic\":\"\"")).collect()
}

#[test]
fn a_copy_has_everything_and_a_second_one_what_is_new() {
    let kt = odd();
    kt.run("copy --topic odd --to b").shows("2> Copied a total of 6 records\n");
    assert_eq!(
        content(&kt, "--topic odd --with-configs", "odd"),
        content(&kt, "--topic b --with-configs", "b")
    );
    kt.run("copy --topic odd --to b").shows("2> Copied a total of 0 records\n");
    kt.stdin("{\"value\":\"new\",\"partition\":1}").run("import --topic odd").success_with_notes();
    kt.run("copy --topic odd --to b --output json")
        .shows("{\"records\":1,\"partitions\":2}\n2> Copied a total of 1 records\n");
    assert_eq!(content(&kt, "--topic odd", "odd"), content(&kt, "--topic b", "b"));
    let lag = kt.run("groups --describe --group kt-copy.b --output csv").success_with_notes().text();
    assert!(lag.lines().count() == 3, "{lag}");
    kt.run("copy --topic odd --to b --restart").shows("2> Copied a total of 7 records\n");
    assert_eq!(kt.end("b", 0) + kt.end("b", 1), 14);
}

#[test]
fn many_topics_go_into_another_directory() {
    let kt = odd();
    for (topic, codec) in [("a", "gzip"), ("c", "lz4"), ("d", "snappy"), ("e", "zstd"), ("f", "none")] {
        let input: String = (0..500).map(|n| format!("{topic} {n}\n")).collect();
        kt.stdin(input).run(format!("produce --topic {topic} --compression-codec {codec}")).shows("");
    }
    kt.run("copy --topic '.*' --to-data-dir other --rename a=z").shows("2> Copied a total of 2506 records\n");
    for topic in ["odd", "c", "d", "e", "f"] {
        assert_eq!(
            lines(&kt, &format!("--topic {topic}")),
            lines(&kt, &format!("--topic {topic} --data-dir other"))
        );
    }
    assert_eq!(content(&kt, "--topic a", "a"), content(&kt, "--topic z --data-dir other", "z"));
    // Batches move as they are: compressed ones stay so.
    let size = |path: std::path::PathBuf| {
        std::fs::metadata(path.join("e-0/00000000000000000000.log")).unwrap().len()
    };
    assert_eq!(size(kt.broker()), size(kt.work().join("other/broker-1")));
    kt.run("copy --topic odd --from-data-dir other --to back").shows("2> Copied a total of 6 records\n");
    assert_eq!(content(&kt, "--topic back", "back"), content(&kt, "--topic odd", "odd"));
}

#[test]
fn another_number_of_partitions_needs_a_word() {
    let kt = Kt::new();
    kt.run("topics --create --topic a --partitions 2").success_with_notes();
    let input: String = (0..300).map(|n| format!("k{}\t{n}\n", n % 20)).collect();
    kt.stdin(input).run("produce --topic a --reader-property parse.key=true").shows("");
    kt.run("topics --create --topic b --partitions 5").success_with_notes();
    let errors = kt.run("copy --topic a --to b").failure(1).errors();
    assert!(errors.contains("topic 'b' has another number of partitions than 'a': 5, not 2"), "{errors}");
    kt.run("copy --topic a --to b --repartition").shows("2> Copied a total of 300 records\n");
    kt.run("copy --topic a --to c --repartition --to-partitions 5")
        .shows("2> Copied a total of 300 records\n");
    for partition in 0..5 {
        let keyed = "--formatter-property print.key=true";
        let records = kt.records("b", partition, keyed);
        assert_eq!(records, kt.records("c", partition, keyed));
        // A key is where a producer would put it, and its records are in order.
        for key in 0..20 {
            let own = format!("k{key}\t");
            let own: Vec<u64> =
                records.iter().filter_map(|line| line.strip_prefix(&own)?.parse().ok()).collect();
            assert!(own.is_empty() || own == (key..300).step_by(20).collect::<Vec<u64>>(), "{key}: {own:?}");
        }
    }
    kt.run("copy --topic a --to b --repartition").shows("2> Copied a total of 0 records\n");
    kt.run("topics --create --topic d --partitions 2").success_with_notes();
    kt.run("copy --topic a --to d --repartition").success_with_notes();
    let errors = kt.run("copy --topic a --to d").failure(1).errors();
    assert!(errors.contains("with another --repartition"), "{errors}");
}

#[test]
fn what_was_copied_before_is_known_by_its_ids() {
    let kt = odd();
    kt.run("copy --topic odd --to b").success_with_notes();
    // A target that was made anew gets everything again.
    kt.run("topics --delete --topic b").success_with_notes();
    kt.run("copy --topic odd --to b").shows("2> Copied a total of 6 records\n");
    // Another source of the same name is not taken for the one before.
    kt.run("copy --topic odd --to-data-dir other").success_with_notes();
    kt.run("copy --topic odd --from-data-dir other --to c").success_with_notes();
    let errors = kt.run("copy --topic odd --to c").failure(1).errors();
    assert!(errors.contains("was copied to 'c' before, from another topic of this name"), "{errors}");
    kt.run("copy --topic odd --to c --name second").shows("2> Copied a total of 6 records\n");
    assert_eq!(kt.end("c", 0) + kt.end("c", 1), 12);
    for (options, why) in [
        ("--topic odd", "'odd' would be copied into itself"),
        ("--topic odd --to-data-dir ../data/.", "'odd' would be copied into itself"),
        ("--topic odd --to x --rename odd=y", "--to and --rename don't go together"),
        ("--topic odd --to x --follow --until 3", "--follow and --until don't go together"),
        ("--to x", "name the topics"),
    ] {
        let errors = kt.run(format!("copy {options}")).failure(2).errors();
        assert!(errors.contains(why), "{options}: {errors}");
    }
}

#[test]
fn a_follower_copies_what_comes_and_goes_on_after_its_end() {
    let kt = Kt::new();
    kt.run("topics --create --topic a --partitions 2").success_with_notes();
    let follower = kt.start("copy --topic a --to b --follow");
    for n in 0..20 {
        kt.stdin(format!("{n}\n")).run(format!("produce --topic a --partition {}", n % 2)).shows("");
    }
    let count = || kt.run("get-offsets --topic b").lines().len();
    wait_until("the copy to have begun", || count() == 2);
    wait_until("the copy to be complete", || kt.end("b", 0) + kt.end("b", 1) == 20);
    follower.interrupt();
    assert_eq!(follower.finish().failure(130).errors(), "Copied a total of 20 records\n");
    kt.stdin("20\n").run("produce --topic a --partition 0").shows("");
    let follower = kt.start("copy --topic a --to b --follow");
    wait_until("the rest to be copied", || kt.end("b", 0) + kt.end("b", 1) == 21);
    follower.terminate();
    assert_eq!(follower.finish().failure(143).errors(), "Copied a total of 1 records\n");
    assert_eq!(content(&kt, "--topic a", "a"), content(&kt, "--topic b", "b"));
}

#[test]
fn what_was_deleted_meanwhile_is_told_and_the_rest_is_copied() {
    let kt = Kt::new();
    let feed = |from: u64| {
        let input: String = (from..from + 10).map(|n| format!("{n}\n")).collect();
        kt.stdin(input).run("produce --topic a").shows("");
    };
    feed(0);
    kt.run("copy --topic a --to b").shows("2> Copied a total of 10 records\n");
    feed(10);
    let json = r#"{"partitions":[{"topic":"a","partition":0,"offset":13}],"version":1}"#;
    std::fs::write(kt.work().join("delete.json"), json).unwrap();
    kt.run("delete-records --offset-json-file delete.json").success_with_notes();
    kt.run("copy --topic a --to b").shows(
        "2> kt: a-0: offsets 10 to 12 were deleted before they were copied\n2> Copied a total of 7 records\n",
    );
    let expected: Vec<String> = (0..10).chain(13..20).map(|n| n.to_string()).collect();
    assert_eq!(kt.records("b", 0, ""), expected);
}
