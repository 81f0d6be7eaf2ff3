//! `kt test`: a command with a server of its own, and what is left of both.

use crate::support::{Kt, wait_until};
use std::path::{Path, PathBuf};

/// A place for the directories of tests.
fn place(kt: &Kt) -> PathBuf {
    let place = kt.work().join("tmp");
    std::fs::create_dir_all(&place).unwrap();
    place
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// `kt test OPTIONS -- bash -c SCRIPT`, in which `$KT` is the binary.
fn words<'a>(options: &[&'a str], script: &'a str) -> Vec<&'a str> {
    [&["test"], options, &["--", "bash", "-c", script]].concat()
}

macro_rules! test {
    ($kt:expr, $options:expr, $script:expr) => {
        $kt.invocation()
            .env("TMPDIR", place(&$kt))
            .env("KT", Kt::binary())
            .run(words(&$options, $script).as_slice())
    };
}

#[test]
fn a_command_finds_its_server_and_leaves_nothing_behind() {
    let kt = Kt::new();
    let script = "echo \"$BOOTSTRAP_SERVERS\" | grep -q '^127.0.0.1:[0-9]*$' || exit 1
        [ \"$BOOTSTRAP_SERVERS\" = \"$KAFKA_BOOTSTRAP_SERVERS\" ] || exit 2
        exec 3<>/dev/tcp/127.0.0.1/${BOOTSTRAP_SERVERS#*:} || exit 3
        cat | \"$KT\" produce --topic t; \"$KT\" expect --topic t --value line";
    let tested = kt.stdin("line\n").env("TMPDIR", place(&kt)).env("KT", Kt::binary());
    tested.run(words(&[], script).as_slice()).shows("line");
    assert_eq!(entries(&place(&kt)), Vec::<PathBuf>::new());
    assert!(!kt.data().exists(), "the user's own directory is left alone");
}

#[test]
fn the_status_is_the_commands() {
    let kt = Kt::new();
    for (script, status) in [("exit 7", 7), ("kill -9 $$", 137), ("exit 255", 255)] {
        assert_eq!(test!(kt, [], script).failure(status).text(), "");
    }
    let run = |line: &str| kt.invocation().env("TMPDIR", place(&kt)).run(line);
    run("test -- ./no-such-command").failure(127);
    run("test -- /").failure(126);
    for line in
        ["test", "test --topic : -- true", "test --partitions 0 -- true", "test --topics none -- true"]
    {
        run(line).failure(2);
    }
    let told = run("test --topic a --topic a -- true").failure(125).errors();
    assert!(told.starts_with("kt: can't make topic 'a': "), "{told}");
    run("test --server-option --nonsense -- true").failure(125);
}

#[test]
fn a_failure_shows_what_there_was_and_keeps_it() {
    let kt = Kt::new();
    std::fs::write(kt.work().join("topics.txt"), "# what there is\norders 2 cleanup.policy=compact\nempty\n")
        .unwrap();
    let script = "printf 'k:1\\nk:2\\n' | \"$KT\" produce --topic orders --reader-property parse.key=true \
                      --reader-property key.separator=:
        \"$KT\" consume --topic orders --group readers --from-beginning --max-messages 1 2>&- >&-
        \"$KT\" topics --describe --topic orders | grep -o cleanup.policy=compact
        exit 3";
    let failed = test!(kt, ["--topics", "topics.txt", "--partitions", "3"], script).failure(3);
    assert_eq!(failed.text(), "cleanup.policy=compact\n");
    let told = failed.errors();
    for line in [
        "kt: the command has ended with status 3; there was:",
        "  orders: 2 partitions, 2 records",
        "  empty: 3 partitions, 0 records",
        ": key 'k' value '2'",
        "  group readers: Classic, Empty",
        ": committed 1, lag 1",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    let kept = entries(&place(&kt));
    assert_eq!(kept.len(), 1);
    assert!(told.ends_with(&format!("kt: the directory is kept: {}\n", kept[0].display())), "{told}");
    kt.run(format!("expect --data-dir {} --topic orders --key k --count 2 -q", kept[0].display())).success();
    test!(kt, ["--keep"], "true").success_with_notes();
    assert_eq!(entries(&place(&kt)).len(), 2);
}

#[test]
fn nothing_outlives_it() {
    let kt = Kt::new();
    let pids = kt.work().join("pids");
    let script = format!("sleep 1000 & echo $$ $! > {0}.new; mv {0}.new {0}; wait", pids.display());
    let start = || {
        let started = kt.invocation().env("TMPDIR", place(&kt)).start(words(&[], &script).as_slice());
        wait_until("the command to run", || pids.exists());
        let of_command = std::fs::read_to_string(&pids).unwrap();
        std::fs::remove_file(&pids).unwrap();
        (started, of_command.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    };
    let is_gone = |pid: &String| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.is_empty() || stat.contains(") Z ")
    };
    for kill in [true, false] {
        let (started, of_command) = start();
        if kill {
            started.kill()
        } else {
            started.terminate()
        }
        let ended = started.finish();
        assert_eq!(ended.status(), if kill { 137 } else { 143 });
        wait_until("its processes to end", || of_command.iter().all(is_gone));
        wait_until("its directory to go", || entries(&place(&kt)).is_empty());
    }
}

#[test]
fn signals_are_passed_on() {
    let kt = Kt::new();
    let ready = kt.work().join("ready");
    let script =
        format!("trap 'echo told; exit 9' TERM; > {}; while :; do sleep 0.05; done", ready.display());
    let started = kt.invocation().env("TMPDIR", place(&kt)).start(words(&[], &script).as_slice());
    wait_until("the command to run", || ready.exists());
    started.terminate();
    // What the shell says of its own commands that the signal has ended, if any was running, is its own affair.
    let output = started.finish();
    assert_eq!((output.status(), output.lines()), (9, vec!["told".to_owned()]));
    assert!(entries(&place(&kt)).is_empty());
}

#[test]
fn a_hundred_run_side_by_side() {
    let kt = Kt::new();
    let script = "echo $BOOTSTRAP_SERVERS; exec 3<>/dev/tcp/127.0.0.1/${BOOTSTRAP_SERVERS#*:} && \
                  echo $KT_DATA_DIR | \"$KT\" produce --topic t && \
                  \"$KT\" expect --topic t --within 0 --exactly 1 --value $KT_DATA_DIR -q";
    let mut addresses: Vec<String> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..100)
            .map(|_| scope.spawn(|| test!(kt, ["--topic", "t:2"], script).success().text()))
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    addresses.sort();
    addresses.dedup();
    assert_eq!(addresses.len(), 100);
    assert_eq!(entries(&place(&kt)), Vec::<PathBuf>::new());
}
