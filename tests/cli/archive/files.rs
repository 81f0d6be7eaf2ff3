//! Files that come back whole, that are torn, and that are damaged.

use super::odd::{lines, odd};
use crate::support::Kt;

#[test]
fn both_forms_come_back_as_they_were() {
    let kt = odd();
    for (format, file) in [("jsonl --with-configs", "f.jsonl"), ("binary", "f.ktx")] {
        kt.run(format!("export --topic odd --format {format} --output {file}"))
            .shows("2> Exported a total of 6 records\n");
        let other = format!("in-{file}");
        kt.run(format!("import {file} --data-dir {other}")).shows("2> Imported a total of 6 records\n");
        let here = lines(&kt, "--topic odd --with-configs");
        assert_eq!(lines(&kt, &format!("--topic odd --with-configs --data-dir {other}")), here);
        // And through pipes.
        kt.bash(&format!(
            "\"$KT\" export --topic odd --format {format} | \"$KT\" import --data-dir p{other} -"
        ))
        .success_with_notes();
        assert_eq!(lines(&kt, &format!("--topic odd --with-configs --data-dir p{other}")), here);
    }
}

/// A topic with 3 partitions and some hundred records in many batches, and its export's name.
fn exported(kt: &Kt) -> &'static str {
    for partition in 0..3 {
        let line = |n| {
            format!(
                "{{\"topic\":\"t\",\"partition\":{partition},\"timestamp\":{n},\"timestampType\":\"LogAppendTime\",\"value\":\"{n} {}\"}}\n",
                "x".repeat(50)
            )
        };
        let input: String = (0..100).map(line).collect();
        kt.stdin(input).run("import --partitions 3").success_with_notes();
    }
    kt.run("export --topic t --format binary --output whole").shows("2> Exported a total of 300 records\n");
    "whole"
}

#[test]
fn a_torn_file_is_read_up_to_the_tear_and_completed() {
    let kt = Kt::new();
    let whole = std::fs::read(kt.work().join(exported(&kt))).unwrap();
    let text = lines(&kt, "--topic t").join("\n") + "\n";
    for step in 1..20 {
        let torn = kt.work().join("torn");
        let length = whole.len() * step / 20;
        std::fs::write(&torn, &whole[..length]).unwrap();
        let errors = kt.run(format!("import torn --topic b{step}")).failure(1).errors();
        assert!(errors.contains("the file has no end: it is whole up to byte"), "{errors}");
        kt.run("export --topic t --format binary --output torn --resume").success_with_notes();
        assert!(std::fs::read(&torn).unwrap() == whole, "completed from byte {length} it is another file");
        std::fs::write(&torn, &text.as_bytes()[..text.len() * step / 20]).unwrap();
        kt.run("export --topic t --output torn --resume").success_with_notes();
        assert!(
            std::fs::read(&torn).unwrap() == text.as_bytes(),
            "completed from step {step} it is another text"
        );
    }
    kt.run("export --topic t --format binary --output whole --resume")
        .shows("2> Exported a total of 0 records\n");
    kt.stdin("y\n").run("produce --topic other").shows("");
    let errors = kt.run("export --topic other --format binary --output whole --resume").failure(1).errors();
    assert!(errors.contains("the file holds the export of other topics"), "{errors}");
    std::fs::write(kt.work().join("torn"), text).unwrap();
    let errors = kt.run("export --topic other --output torn --resume").failure(1).errors();
    assert!(errors.contains("ends with a record of t-2"), "{errors}");
    std::fs::write(kt.work().join("torn"), "hello\n").unwrap();
    let errors = kt.run("export --topic t --output torn --resume").failure(1).errors();
    assert!(errors.contains("is none of kt export"), "{errors}");
}

#[test]
fn damage_is_told_and_what_came_before_is_in() {
    let kt = Kt::new();
    let whole = std::fs::read(kt.work().join(exported(&kt))).unwrap();
    for (number, at) in (0..whole.len()).step_by(whole.len() / 25).enumerate() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << (number % 8);
        std::fs::write(kt.work().join("damaged"), damaged).unwrap();
        let errors = kt.run(format!("import damaged --topic d{number}")).failure(1).errors();
        let told =
            ["doesn't fit its checksum", "no file of kt export", "can't be understood", "column", "version"];
        assert!(told.iter().any(|words| errors.contains(words)), "byte {at}: {errors}");
        let errors = kt.run("export --topic t --format binary --output damaged --resume").failure(1).errors();
        assert!(errors.contains("can't go on with 'damaged'"), "byte {at}: {errors}");
    }
    // Half of the frames are sound.
    let last = kt.run("get-offsets --topic d24").success().text();
    assert!(last.contains("d24:0:100"), "{last}");
}

#[test]
fn damage_in_a_log_ends_its_partition_or_is_passed_over() {
    let kt = Kt::new();
    kt.run("topics --create --topic t --partitions 2").success_with_notes();
    for n in 0..6 {
        kt.stdin(format!("{n}\n")).run(format!("produce --topic t --partition {}", n % 2)).shows("");
    }
    let log = kt.broker().join("t-0/00000000000000000000.log");
    let mut bytes = std::fs::read(&log).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    std::fs::write(&log, bytes).unwrap();
    let values = |output: &[String]| -> String {
        output.iter().map(|line| line.split("\"value\":\"").nth(1).unwrap().chars().next().unwrap()).collect()
    };
    // The other partition is there all the same.
    let output = kt.run("export --topic t").failure(1);
    assert_eq!(values(&output.lines()), "0135");
    assert!(output.errors().contains("t-0"), "{}", output.errors());
    let output = kt.run("export --topic t --skip-damaged").failure(1);
    assert_eq!(values(&output.lines()), "04135");
    let errors = kt.run("copy --topic t --to u").failure(1).errors();
    assert!(errors.contains("t-0"), "{errors}");
    assert_eq!((kt.end("u", 0), kt.end("u", 1)), (1, 3));
    kt.run("copy --topic t --to u --skip-damaged").failure(1);
    assert_eq!((kt.records("u", 0, ""), kt.end("u", 1)), (vec!["0".to_owned(), "4".to_owned()], 3));
}
