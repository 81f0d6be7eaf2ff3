//! What is read, where it goes, and what is said of what can't be.

use super::odd::lines;
use crate::support::{Kt, Running, wait_until};

#[test]
fn a_line_may_say_as_little_as_its_value() {
    let kt = Kt::new();
    let input =
        "{\"value\":\"x\"}\n\n  {\"key\":\"k\"}  \r\n{\"payload\":\"p\",\"ts\":7,\"headers\":[\"a\",\"b\"]}";
    kt.stdin(input).run("import --topic t").shows("2> Imported a total of 3 records\n");
    assert_eq!(kt.records("t", 0, "--formatter-property print.key=true"), ["null\tx", "k\tnull", "null\tp"]);
    assert!(lines(&kt, "--topic t --from 2")[0].contains("\"timestamp\":7,"));
    let now = lines(&kt, "--topic t --from 0 --until 1")[0].clone();
    let time = now.split("\"timestamp\":").nth(1).unwrap().split(',').next().unwrap();
    assert!(time.parse::<i64>().unwrap() > 1_700_000_000_000, "{now}");
    kt.stdin("").run("import --topic t").shows("2> Imported a total of 0 records\n");
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_what_came_before_is_in() {
    let kt = Kt::new();
    kt.run("topics --create --topic compact --config cleanup.policy=compact").success_with_notes();
    for (count, line, why) in [
        (2, "{\"valeu\":\"x\"}", "line 3: column 8: unknown field `valeu`"),
        (2, "{\"value\":1}", "line 3: column 10: invalid type: integer `1`, expected a string"),
        (2, "{\"value\":\"x\"", "line 3: column 12: EOF while parsing an object"),
        (2, "{\"value\":\"x\",\"partition\":3}", "line 3: topic 't' has no partition 3: it has 1"),
        (2, "{\"value\":\"x\",\"partition\":-1}", "line 3: topic 't' has no partition -1: it has 1"),
        (2, "{\"valueBase64\":\"*\"}", "line 3: \"valueBase64\" is no base64"),
    ] {
        kt.run("topics --delete --topic t --if-exists").success_with_notes();
        kt.run("topics --create --topic t --partitions 1").success_with_notes();
        let input = format!("{{\"value\":\"1\"}}\n{{\"value\":\"2\"}}\n{line}\n{{\"value\":\"4\"}}\n");
        let errors = kt.stdin(input).run("import --topic t").failure(1).errors();
        assert!(errors.starts_with(&format!("kt: {why}")), "{line}: {errors}");
        assert_eq!(kt.end("t", 0), count, "{line}");
    }
    for (input, options, why) in [
        ("{\"value\":\"x\"}", "", "line 1: the record names no topic"),
        ("{\"value\":\"x\"}", "--topic compact", "line 1: topic 'compact' is compacted"),
        ("{\"topic\":\"a/b\",\"value\":\"x\"}", "", "line 1: "),
        ("{\"topic\":\"__consumer_offsets\",\"value\":\"x\"}", "", "line 1: "),
        (
            "{\"topic\":\"t\",\"partitions\":3}",
            "",
            "line 1: topic 't' has another number of partitions than 't': 1, not 3",
        ),
        (
            "{\"topic\":\"n\",\"partitions\":3,\"configs\":{\"no.such\":\"1\"}}",
            "",
            "line 1: Unknown topic config name: no.such",
        ),
    ] {
        let errors = kt.stdin(input).run(format!("import {options}")).failure(1).errors();
        assert!(errors.contains(why), "{input}: {errors}");
    }
    let large = format!("{{\"value\":\"{}\"}}", "x".repeat(1_100_000));
    let errors = kt.stdin(large).run("import --topic t").failure(1).errors();
    assert!(errors.starts_with("kt: line 1: ") && errors.contains("topic t takes at once"), "{errors}");
}

#[test]
fn a_command_that_contradicts_itself_is_refused() {
    let kt = Kt::new();
    for (options, why) in [
        ("a b", "name one file"),
        ("--resume", "--resume of standard input needs a --name"),
        ("--name n", "give both"),
        ("--topic t --rename a=b", "give one of them"),
        ("--rename a", "not of the form FROM=TO"),
        ("--partitions 0", "a number from 1 on"),
        ("--output table", "is not json"),
    ] {
        let errors = kt.run(format!("import {options}")).failure(2).errors();
        assert!(errors.contains(why), "{options}: {errors}");
    }
    let errors = kt.run("import missing").failure(1).errors();
    assert!(errors.contains("can't read 'missing': No such file"), "{errors}");
}

#[test]
fn a_topic_is_made_as_large_as_its_records_say() {
    let kt = Kt::new();
    let line = |partition| {
        format!("{{\"topic\":\"t\",\"partition\":{partition},\"key\":\"k\",\"value\":\"{partition}\"}}\n")
    };
    let input: String = [0, 4, 2].map(line).concat();
    std::fs::write(kt.work().join("f"), &input).unwrap();
    kt.run("import f").shows("2> Imported a total of 3 records\n");
    assert_eq!(kt.records("t", 4, ""), ["4"]);
    // A pipe can't be looked through beforehand.
    kt.stdin(input.clone()).run("import --rename t=u").shows("2> Imported a total of 3 records\n");
    assert_eq!((kt.end("u", 0), kt.end("u", 2), kt.end("u", 4)), (1, 1, 1));
    kt.stdin(input.clone()).run("import --topic v --repartition --partitions 3").success_with_notes();
    let ends: u64 = (0..3).map(|partition| kt.end("v", partition)).max().unwrap();
    assert_eq!(ends, 3, "one key, one partition");
    kt.stdin(input)
        .run("import --topic w --output json --partitions 5")
        .shows("{\"records\":3,\"alreadyThere\":0,\"bytes\":150}\n2> Imported a total of 3 records\n");
}

#[test]
fn sixteen_imports_at_once_have_every_record() {
    const EACH: u64 = 2000;
    let kt = Kt::new();
    for run in 0..16 {
        let line =
            |n| format!("{{\"topic\":\"t\",\"partition\":{},\"key\":\"{run}\",\"value\":\"{n}\"}}\n", n % 3);
        let input: String = (0..EACH).map(line).collect();
        std::fs::write(kt.work().join(format!("f{run}")), input).unwrap();
    }
    let running: Vec<Running> = (0..16).map(|run| kt.start(format!("import f{run}"))).collect();
    for import in running {
        assert_eq!(
            import.finish().success_with_notes().errors(),
            format!("Imported a total of {EACH} records\n")
        );
    }
    let mut records = Vec::new();
    for partition in 0..3 {
        records.extend(kt.records("t", partition, "--formatter-property print.key=true"));
    }
    assert_eq!(records.len() as u64, 16 * EACH);
    for run in 0..16 {
        let own = format!("{run}\t");
        let own: Vec<u64> = records.iter().filter_map(|line| line.strip_prefix(&own)?.parse().ok()).collect();
        let expected: Vec<u64> = (0..3).flat_map(|first| (first..EACH).step_by(3)).collect();
        assert_eq!(own, expected, "the order of run {run}");
    }
}

#[test]
fn a_file_that_is_in_is_not_imported_again_and_one_that_has_grown_is_completed() {
    let kt = Kt::new();
    let path = kt.work().join("f.jsonl");
    let line = |n| format!("{{\"value\":\"{n}\"}}\n");
    std::fs::write(&path, (0..5).map(line).collect::<String>()).unwrap();
    kt.run("import f.jsonl --topic t --resume").shows("2> Imported a total of 5 records\n");
    kt.run("import f.jsonl --topic t --resume").shows("2> Imported a total of 0 records\n");
    std::fs::write(&path, (0..8).map(line).collect::<String>()).unwrap();
    kt.run("import f.jsonl --topic t --resume").shows("2> Imported a total of 3 records\n");
    assert_eq!(kt.records("t", 0, ""), ["0", "1", "2", "3", "4", "5", "6", "7"]);
    std::fs::write(&path, (1..9).map(line).collect::<String>()).unwrap();
    let errors = kt.run("import f.jsonl --topic t --resume").failure(1).errors();
    assert!(errors.contains("'f.jsonl' is another file than the one that was imported before"), "{errors}");
    std::fs::write(&path, line(0)).unwrap();
    let errors = kt.run("import f.jsonl --topic t --resume").failure(1).errors();
    assert!(errors.contains("and 112 are in already"), "{errors}");
    kt.run("import f.jsonl --topic t --resume --name other").shows("2> Imported a total of 1 records\n");
    kt.run("import f.jsonl --topic t").shows("2> Imported a total of 1 records\n");
}

#[test]
fn what_comes_through_a_pipe_is_there_at_once_and_a_signal_keeps_the_count() {
    let kt = Kt::new();
    kt.run("topics --create --topic t").success_with_notes();
    let mut import = kt.start("import --topic t --resume --name pipe");
    import.write_line("{\"value\":\"1\"}");
    import.write_line("{\"value\":\"2\"}");
    wait_until("both records to be there", || kt.end("t", 0) == 2);
    import.terminate();
    assert_eq!(import.finish().failure(143).errors(), "Imported a total of 2 records\n");
    let again = "{\"value\":\"1\"}\n{\"value\":\"2\"}\n{\"value\":\"3\"}\n";
    kt.stdin(again).run("import --topic t --resume --name pipe").shows("2> Imported a total of 1 records\n");
    assert_eq!(kt.records("t", 0, ""), ["1", "2", "3"]);
    let errors =
        kt.stdin("{\"value\":\"9\"}\n").run("import --topic t --resume --name pipe").failure(1).errors();
    assert!(errors.contains("'standard input' is"), "{errors}");
}
