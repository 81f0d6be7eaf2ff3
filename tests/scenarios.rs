//! Transcripts of the real Kafka 4.2, answered by kt: one test for each file in `tests/scenarios/`.
//!
//! ```text
//! # a comment; '#! brokers N' asks for a cluster of N brokers, '#! stderr any' leaves stderr uncompared,
//! # '#! kt differs: WHY' before a step: kt answers it otherwise on purpose, so it runs but isn't compared
//! $ kafka-topics.sh --bootstrap-server $BOOTSTRAP --list
//! a line of standard output; a leading backslash keeps it from being taken for syntax
//! 2> a line of standard error
//! ? 1                    the exit status, when it isn't 0
//! ```
//!
//! `> ` lines after a `$ ` line continue the command. Each command is one `bash -c` in the scenario's own directory,
//! with all of Kafka's tools as symlinks to kt on its path. A line of three dots stands for any lines. The
//! transcripts are recordings: they are recorded again, never edited.
//!
//! With `KT_KAFKA_TOOLS=DIR` the programs are those in DIR, Kafka's own, and what they talk to is `kt serve`:
//! see `tests/clients/tools`.

use crate::support::{Kt, Served, matches, normalize, unified, wait_until};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// One test for each transcript; the file has dashes where the test has underscores.
macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        const LISTED: &[&str] = &[$(stringify!($name)),*];
        $(#[test] fn $name() { check(stringify!($name)); })*
    };
}

scenarios![
    cluster_errors,
    cluster_tools,
    configs_brokers,
    configs_exceptions,
    configs_groups,
    configs_quotas,
    configs_scram,
    configs_topic,
    configs_topic_all,
    configs_topic_errors,
    configs_usage_errors,
    consumer_bad_values,
    consumer_deprecated,
    consumer_deserializers,
    consumer_formatters,
    consumer_group,
    consumer_group_pair,
    consumer_include,
    consumer_isolation,
    consumer_limits,
    consumer_null,
    consumer_offset,
    consumer_offsets_topic,
    consumer_partitions,
    consumer_pipes,
    consumer_print,
    consumer_properties,
    consumer_separators,
    consumer_unknown_topic,
    consumer_usage_errors,
    delete_records,
    delete_records_errors,
    features,
    get_offsets,
    get_offsets_filters,
    groups_active,
    groups_assignors,
    groups_commits,
    groups_consumer_protocol,
    groups_delete,
    groups_describe,
    groups_describe_partitions,
    groups_idle_member,
    groups_kafka_groups,
    groups_list,
    groups_members,
    groups_pubsub,
    groups_reset,
    groups_reset_bounds,
    groups_reset_errors,
    groups_reset_file,
    groups_reset_time,
    groups_static_members,
    groups_unknown,
    groups_usage_errors,
    leader_election_errors,
    leader_election_files,
    log_dirs,
    offsets_options,
    perf_consumer,
    perf_producer,
    producer_acks,
    producer_bytes,
    producer_compression,
    producer_config_files,
    producer_deprecated,
    producer_header_separators,
    producer_headers,
    producer_line_reader,
    producer_lines,
    producer_missing_separator,
    producer_null_marker,
    producer_numbers,
    producer_parse_key,
    producer_partitioner_class,
    producer_partitions,
    producer_too_large,
    producer_topic_names,
    producer_usage_errors,
    reassign_one_broker,
    share_groups_basic,
    share_groups_reset,
    storage,
    topics_alter,
    topics_create_errors,
    topics_create_options,
    topics_delete,
    topics_describe,
    topics_describe_order,
    topics_internal,
    topics_lifecycle,
    topics_regex,
    topics_usage_errors,
    transactions_commands,
    transactions_visibility,
    verifiable_tools,
];

/// Steps that kt answers otherwise on purpose and that no transcript marks: file, line and why.
const DIFFERENT: &[(&str, usize, &str)] = &[
    (
        "leader_election_errors",
        56,
        "an exception's name goes as a line of a trace; this transcript is older than that",
    ),
    ("topics_usage_errors", 80, "line 15, which is marked, has created a topic"),
    ("topics_usage_errors", 84, "line 15, which is marked, has created a topic"),
];

const TOOLS: &[&str] = &[
    "kafka-topics",
    "kafka-console-producer",
    "kafka-console-consumer",
    "kafka-console-share-consumer",
    "kafka-consumer-groups",
    "kafka-share-groups",
    "kafka-groups",
    "kafka-configs",
    "kafka-get-offsets",
    "kafka-delete-records",
    "kafka-dump-log",
    "kafka-log-dirs",
    "kafka-leader-election",
    "kafka-reassign-partitions",
    "kafka-producer-perf-test",
    "kafka-consumer-perf-test",
    "kafka-e2e-latency",
    "kafka-verifiable-producer",
    "kafka-verifiable-consumer",
    "kafka-replica-verification",
    "kafka-transactions",
    "kafka-metadata-quorum",
    "kafka-broker-api-versions",
    "kafka-features",
    "kafka-cluster",
    "kafka-acls",
    "kafka-storage",
];

/// `await FILE REGEX [SECONDS]` waits until FILE has a line that matches.
const AWAIT: &str = r#"#!/bin/bash
for ((i = 0; i < ${3:-30} * 50; i++)); do
  if [[ -f $1 ]] && grep -Eq -- "$2" "$1"; then exit 0; fi
  sleep 0.02
done
echo "await: no line of $1 matches $2 after ${3:-30} s" >&2
exit 1
"#;

/// `settle COMMAND` runs COMMAND until two runs in a row print the same, and prints that.
const SETTLE: &str = r#"#!/bin/bash
last=
for ((i = 0; i < 60; i++)); do
  now=$("$@" 2>&1)
  if ((i > 0)) && [[ $now == "$last" ]]; then break; fi
  last=$now
  sleep 0.2
done
printf '%s\n' "$now"
"#;

/// What one command may take.
const COMMAND_TIME: Duration = Duration::from_secs(60);
/// The status of a command that took longer, as `timeout` has it.
const STATUS_TIMED_OUT: i32 = 124;

#[derive(Default)]
struct Scenario {
    steps: Vec<Step>,
    brokers: Option<String>,
    stderr_any: bool,
}

#[derive(Default)]
struct Step {
    line: usize,
    command: String,
    stdout: Vec<String>,
    stderr: Vec<String>,
    status: i32,
    kt_differs: bool,
}

impl Scenario {
    fn parse(text: &str) -> Scenario {
        let mut scenario = Scenario::default();
        let mut kt_differs = false;
        for (index, line) in text.split('\n').enumerate() {
            let step = scenario.steps.last_mut();
            if line.starts_with("#! kt differs") {
                kt_differs = true;
            } else if let Some(directive) = line.strip_prefix("#! ") {
                match directive.split_once(' ').unwrap_or((directive, "")) {
                    ("brokers", count) => scenario.brokers = Some(count.trim().to_owned()),
                    ("stderr", "any") => scenario.stderr_any = true,
                    other => panic!("unknown directive {other:?}"),
                }
            } else if let Some(command) = line.strip_prefix("$ ") {
                let kt_differs = std::mem::take(&mut kt_differs);
                scenario.steps.push(Step {
                    line: index + 1,
                    command: command.to_owned(),
                    kt_differs,
                    ..Step::default()
                });
            } else if let Some(step) = step
                && !line.starts_with("# ")
                && !line.is_empty()
            {
                step.take_line(line);
            }
        }
        scenario
    }
}

impl Step {
    fn take_line(&mut self, line: &str) {
        if let Some(more) = line.strip_prefix("> ")
            && self.stdout.is_empty()
        {
            self.command.push('\n');
            self.command.push_str(more);
        } else if let Some(error) = line.strip_prefix("2> ") {
            self.stderr.push(error.to_owned());
        } else if let Some(status) = line.strip_prefix("? ").and_then(|status| status.parse().ok()) {
            self.status = status;
        } else {
            self.stdout.push(line.strip_prefix('\\').unwrap_or(line).to_owned());
        }
    }

    fn transcript(stdout: &[String], stderr: &[String], status: i32) -> Vec<String> {
        let stderr = stderr.iter().map(|line| format!("2> {line}"));
        stdout.iter().cloned().chain(stderr).chain([format!("? {status}")]).collect()
    }
}

fn check(name: &str) {
    let file = directory().join(name.replace('_', "-")).with_extension("txt");
    let scenario = Scenario::parse(&std::fs::read_to_string(&file).unwrap());
    let kt = Kt::new();
    let programs = kt.work().with_file_name("bin");
    let kafkas = std::env::var_os("KT_KAFKA_TOOLS").map(PathBuf::from);
    install(&programs, kafkas.as_deref());
    let server = kafkas.map(|_| Served::start(&kt, ""));
    let mut jobs = Jobs::default();
    if let Some(server) = &server {
        jobs.server = Some(server.address.clone());
    } else if let Some(brokers) = &scenario.brokers {
        let _ = kt.run(format!("cluster init --brokers {brokers}")).success();
    }
    let mut wrong = String::new();
    for step in &scenario.steps {
        let (stdout, stderr, status) = jobs.run(&kt, &programs, &step.command);
        let differs =
            step.kt_differs || DIFFERENT.iter().any(|(file, line, _)| *file == name && *line == step.line);
        let same_stderr = scenario.stderr_any || matches(&step.stderr, &stderr);
        if differs || (matches(&step.stdout, &stdout) && same_stderr && status == step.status) {
            continue;
        }
        let want = Step::transcript(&step.stdout, &step.stderr, step.status);
        let got = Step::transcript(&stdout, &stderr, status);
        wrong += &format!("  line {}: $ {}\n{}", step.line, step.command, unified(&want, &got));
    }
    assert!(wrong.is_empty(), "{}:\n{wrong}", file.display());
}

/// Makes the directory that comes first on a scenario's path. The tools are kt, or those in `kafkas`.
fn install(programs: &Path, kafkas: Option<&Path>) {
    std::fs::create_dir(programs).unwrap();
    for tool in TOOLS.iter().map(|tool| format!("{tool}.sh")) {
        let program = kafkas.map_or_else(|| Kt::binary().into(), |kafkas| kafkas.join(&tool));
        symlink(program, programs.join(tool)).unwrap();
    }
    for (name, script) in [("await", AWAIT), ("settle", SETTLE)] {
        let path = programs.join(name);
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// The process groups of a scenario's commands; what they left in the background is killed at the end.
#[derive(Default)]
struct Jobs {
    groups: Vec<libc::pid_t>,
    /// What the programs talk to; a directory if there is none.
    server: Option<String>,
}

impl Jobs {
    fn run(&mut self, kt: &Kt, programs: &Path, command: &str) -> (Vec<String>, Vec<String>, i32) {
        let mut path = programs.as_os_str().to_owned();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let [out, err] = ["out", "err"].map(|name| programs.with_file_name(format!("step.{name}")));
        let [stdout, stderr] = [&out, &err].map(|path| std::fs::File::create(path).unwrap());
        let mut bash = Command::new("bash");
        bash.args(["-c", command]).current_dir(kt.work()).env_clear();
        bash.env("PATH", path).env("HOME", programs.parent().unwrap());
        match &self.server {
            Some(server) => bash.env("BOOTSTRAP", server),
            None => {
                bash.env("BOOTSTRAP", "localhost:9092").env("KT_OFFLINE", "1").env("KT_DATA_DIR", kt.data())
            }
        };
        bash.env("TZ", "UTC").env("LC_ALL", "C.UTF-8");
        bash.stdin(Stdio::null()).stdout(stdout).stderr(stderr).process_group(0);
        let mut child = bash.spawn().unwrap();
        let group = child.id().cast_signed();
        self.groups.push(group);
        let end = Instant::now() + COMMAND_TIME;
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status.code().or(status.signal().map(|signal| 128 + signal)).unwrap();
            }
            if Instant::now() > end {
                kill(group);
                child.wait().unwrap();
                break STATUS_TIMED_OUT;
            }
            thread::sleep(Duration::from_millis(1));
        };
        let server = self.server.as_deref().unwrap_or("localhost:9092");
        let [stdout, stderr] = [out, err].map(|path| clean(&std::fs::read(path).unwrap(), server));
        (stdout, stderr, status)
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        self.groups.iter().for_each(|group| kill(*group));
    }
}

fn kill(group: libc::pid_t) {
    // SAFETY: kill touches no memory; a group that is gone already is only an error code.
    unsafe { libc::kill(-group, libc::SIGKILL) };
}

fn clean(output: &[u8], server: &str) -> Vec<String> {
    normalize(output).into_iter().map(|line| line.replace(server, "<BOOTSTRAP>")).collect()
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

#[test]
fn every_transcript_is_listed() {
    let mut files: Vec<String> = std::fs::read_dir(directory())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| path.file_stem().unwrap().to_str().unwrap().replace('-', "_"))
        .collect();
    files.sort();
    let mut listed: Vec<&str> = LISTED.to_vec();
    listed.sort_unstable();
    assert_eq!(files, listed);
}

#[test]
fn a_transcript_is_read_whole() {
    let scenario = Scenario::parse(
        "# about\n#! stderr any\n$ one\n> two\nout\n\\$ dollars\n\\\n2> err\n? 3\n\n# note\n#! kt differs: so\n$ three\n",
    );
    assert!(scenario.stderr_any && scenario.brokers.is_none());
    let [first, second] = &scenario.steps[..] else { panic!("two steps") };
    assert_eq!(
        (first.line, first.command.as_str(), first.status, first.kt_differs),
        (3, "one\ntwo", 3, false)
    );
    assert_eq!(
        (&first.stdout[..], &first.stderr[..]),
        (&["out", "$ dollars", ""].map(String::from)[..], &["err".into()][..])
    );
    assert_eq!((second.command.as_str(), second.kt_differs), ("three", true));
}

#[test]
fn a_background_job_ends_with_its_scenario() {
    let kt = Kt::new();
    let programs = kt.work().with_file_name("bin");
    install(&programs, None);
    let mut jobs = Jobs::default();
    let (stdout, _, status) = jobs.run(&kt, &programs, "sleep 600 >/dev/null 2>&1 & echo $!");
    assert_eq!(status, 0);
    drop(jobs);
    let process = PathBuf::from("/proc").join(&stdout[0]);
    wait_until("the job to be gone", || {
        !process.exists()
            || std::fs::read_to_string(process.join("stat")).is_ok_and(|stat| stat.contains(") Z "))
    });
}
