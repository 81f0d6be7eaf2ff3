//! Copies, imports and exports that are killed with kill -9 or stopped with SIGTERM again and again, at random moments: in the end
//! every record is there once, in its order, for every reader. `KT_KILLS` says how often each is killed.

use crate::support::{Kt, Random, wait_until};
use std::thread;
use std::time::Duration;

/// Unless the environment says otherwise.
const KILLS: usize = 25;
const PARTITIONS: usize = 3;
/// The longest life of a command: about what it takes to move all of it.
const LIFE: Duration = Duration::from_millis(120);

fn kills() -> usize {
    std::env::var("KT_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS)
}

/// Adds lines to every partition of `in`.
fn feed(kt: &Kt, round: usize, count: u64) {
    let line = |n: u64| {
        let partition = n as usize % PARTITIONS;
        format!(
            "{{\"partition\":{partition},\"key\":\"k{}\",\"value\":\"{round}:{n} {}\"}}\n",
            n % 17,
            "x".repeat(100)
        )
    };
    let input: String = (0..count).map(line).collect();
    kt.stdin(input).run(format!("import --topic in --partitions {PARTITIONS}")).success_with_notes();
}

/// Runs a command until it is killed or stopped, or has ended by itself.
fn run_and_kill(kt: &Kt, random: &mut Random, command: &str) {
    let running = kt.start(command);
    thread::sleep(random.time_below(LIFE));
    // Half of the kills come to who has just been asked to stop, and may be about to.
    let how = random.below(4);
    if how > 1 {
        running.terminate();
    }
    if how != 3 {
        running.kill();
    }
    let output = running.finish();
    assert!(matches!(output.status(), 0 | 137 | 143), "{output}");
}

/// The records of a topic, without their offsets.
fn content(kt: &Kt, topic: &str, partition: usize) -> Vec<String> {
    kt.records(
        topic,
        partition,
        "--formatter-property print.key=true --formatter-property print.timestamp=true",
    )
}

#[test]
fn a_copy_that_is_killed_again_and_again_has_every_record_once() {
    let (kt, mut random) = (Kt::new(), Random::new());
    for round in 0..kills() {
        feed(&kt, round, 1 + random.below(3000));
        run_and_kill(&kt, &mut random, "copy --topic in --to kept");
        run_and_kill(&kt, &mut random, "copy --topic in --to-data-dir other --follow");
        run_and_kill(&kt, &mut random, "copy --topic in --to keyed --repartition --to-partitions 5");
    }
    kt.run("copy --topic in --to kept").success_with_notes();
    kt.run("copy --topic in --to-data-dir other").success_with_notes();
    kt.run("copy --topic in --to keyed --repartition --to-partitions 5").success_with_notes();
    let mut all = Vec::new();
    for partition in 0..PARTITIONS {
        let expected = content(&kt, "in", partition);
        assert!(content(&kt, "kept", partition) == expected, "partition {partition} of the copy");
        all.extend(expected);
    }
    let lines = |options: &str| kt.run(format!("export --topic in {options}")).success_with_notes().lines();
    assert!(lines("") == lines("--data-dir other"), "the copy in another directory");
    let mut keyed: Vec<String> = (0..5).flat_map(|partition| content(&kt, "keyed", partition)).collect();
    all.sort();
    keyed.sort();
    assert!(keyed == all, "{} records by key, of {}", keyed.len(), all.len());
}

#[test]
fn an_import_that_is_killed_again_and_again_has_every_record_once() {
    let (kt, mut random) = (Kt::new(), Random::new());
    for round in 0..10 {
        feed(&kt, round, 6000);
    }
    for (form, file) in [("jsonl", "f.jsonl"), ("binary", "f.ktx")] {
        // An export that is killed, and goes on, is as if nothing had happened.
        for _ in 0..kills() / 4 {
            run_and_kill(
                &kt,
                &mut random,
                &format!("export --topic in --format {form} --output {file} --resume"),
            );
        }
        kt.run(format!("export --topic in --format {form} --output {file} --resume")).success_with_notes();
        kt.run(format!("export --topic in --format {form} --output at-once")).success_with_notes();
        let read = |name: &str| std::fs::read(kt.work().join(name)).unwrap();
        assert!(read(file) == read("at-once"), "{form}");
        let import = format!("import {file} --topic {form} --partitions {PARTITIONS} --resume");
        for _ in 0..kills() {
            run_and_kill(&kt, &mut random, &import);
        }
        kt.run(&*import).success_with_notes();
        for partition in 0..PARTITIONS {
            assert!(
                content(&kt, form, partition) == content(&kt, "in", partition),
                "{form}, partition {partition}"
            );
        }
    }
}

#[test]
fn two_runs_of_one_count_do_not_work_at_once() {
    let kt = Kt::new();
    feed(&kt, 0, 10);
    let follower = kt.start("copy --topic in --to out --follow");
    wait_until("the copy to be complete", || {
        let ends = kt.run("get-offsets --topic out").lines();
        ends.len() == PARTITIONS
            && (0..PARTITIONS).map(|partition| kt.end("out", partition)).sum::<u64>() == 10
    });
    let errors = kt.run("copy --topic in --to out").failure(1).errors();
    assert!(errors.contains("another process is at work as 'kt-copy.out'"), "{errors}");
    follower.interrupt();
    let _ = follower.finish();
    kt.run("copy --topic in --to out").shows("2> Copied a total of 0 records\n");
}

#[test]
fn a_full_disk_is_told_and_the_rest_follows_when_there_is_room() {
    let kt = Kt::new();
    feed(&kt, 0, 20_000);
    let limited = ["bash", "-c", "ulimit -f 300; exec \"$0\" \"$@\""];
    let says_why = |errors: &str| {
        assert!(errors.contains("File too large"), "{errors}");
    };
    says_why(&kt.under(&limited).run("copy --topic in --to out").failure(1).errors());
    kt.run("copy --topic in --to out").success_with_notes();
    kt.run("export --topic in --format binary --output whole").success_with_notes();
    says_why(&kt.under(&limited).run("export --topic in --format binary --output f").failure(1).errors());
    kt.run("export --topic in --format binary --output f --resume").success_with_notes();
    let read = |name: &str| std::fs::read(kt.work().join(name)).unwrap();
    assert!(read("f") == read("whole"));
    says_why(&kt.under(&limited).run("import f --topic again --resume").failure(1).errors());
    kt.run("import f --topic again --resume").success_with_notes();
    for partition in 0..PARTITIONS {
        let expected = content(&kt, "in", partition);
        assert!(content(&kt, "out", partition) == expected && content(&kt, "again", partition) == expected);
    }
}
