//! `Kt`: one data directory and the kt binary that works on it, away from the user's environment.
//!
//! ```ignore
//! let kt = Kt::new();
//! kt.run("topics --create --topic demo").shows("Created topic demo.\n");
//! kt.stdin("a\nb\n").run("produce --topic demo").shows("");
//! assert_eq!(kt.run("consume --topic demo --from-beginning --max-messages 2").success().text(), "a\nb\n");
//! ```

use super::normalize::{normalize, unified};
use super::running::Running;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A home with `data/` (made by kt on first use) and `work/`, the current directory. Gone when dropped.
pub(crate) struct Kt {
    home: tempfile::TempDir,
}

impl Kt {
    pub(crate) fn new() -> Kt {
        let home = tempfile::Builder::new().prefix("kt-test-").tempdir().unwrap();
        std::fs::create_dir(home.path().join("work")).unwrap();
        Kt { home }
    }

    /// The kt binary under test.
    pub(crate) const fn binary() -> &'static str {
        env!("CARGO_BIN_EXE_kt")
    }

    /// The data directory; kt makes it.
    pub(crate) fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// The one broker's log directory in it.
    pub(crate) fn broker(&self) -> PathBuf {
        self.data().join("broker-1")
    }

    /// The current directory of every command.
    pub(crate) fn work(&self) -> PathBuf {
        self.home.path().join("work")
    }

    /// Runs kt with nothing on standard input and waits for its end.
    pub(crate) fn run(&self, arguments: impl Arguments) -> Output {
        self.invocation().run(arguments)
    }

    /// Starts kt and leaves it running, with its standard input open.
    pub(crate) fn start(&self, arguments: impl Arguments) -> Running {
        self.invocation().start(arguments)
    }

    /// Runs a bash script in kt's environment; `$KT` is the binary. For what needs a shell: limits, mounts, pipes.
    pub(crate) fn bash(&self, script: &str) -> Output {
        let mut command = Command::new("bash");
        command.args(["-c", script]);
        self.enter(&mut command);
        command.env("KT", Kt::binary());
        self.shown(Running::start(command).finish())
    }

    /// The records of one partition so far, as `kt consume` prints them with these options.
    pub(crate) fn records(&self, topic: &str, partition: usize, options: &str) -> Vec<String> {
        let end = self.end(topic, partition);
        if end == 0 {
            return Vec::new();
        }
        let consume =
            format!("consume --topic {topic} --partition {partition} --offset earliest --until-offset {end}");
        self.run(format!("{consume} {options}")).success().lines()
    }

    /// The end offset of a partition.
    pub(crate) fn end(&self, topic: &str, partition: usize) -> u64 {
        let offsets =
            self.run(format!("get-offsets --topic {topic} --partitions {partition}")).success().text();
        let end = offsets.trim_end().rsplit(':').next().unwrap();
        end.parse().unwrap_or_else(|_| panic!("the end of {topic}-{partition}: {offsets:?}"))
    }

    /// The next command reads `bytes`.
    pub(crate) fn stdin(&self, bytes: impl Into<Vec<u8>>) -> Invocation<'_> {
        let mut invocation = self.invocation();
        invocation.stdin = bytes.into();
        invocation
    }

    /// The next command is called by another name, as through a symlink.
    pub(crate) fn named(&self, name: &str) -> Invocation<'_> {
        let mut invocation = self.invocation();
        invocation.name = name.into();
        invocation
    }

    /// The next command is run by `wrapper`, which gets kt's path and arguments after its own.
    pub(crate) fn under(&self, wrapper: &[&str]) -> Invocation<'_> {
        let mut invocation = self.invocation();
        invocation.wrapper = wrapper.iter().map(OsString::from).collect();
        invocation
    }

    pub(crate) fn invocation(&self) -> Invocation<'_> {
        Invocation { kt: self, stdin: Vec::new(), name: "kt".into(), wrapper: Vec::new(), env: Vec::new() }
    }

    /// Gives `command` this directory's environment and nothing else.
    fn enter(&self, command: &mut Command) {
        command
            .current_dir(self.work())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("TZ", "UTC")
            .env("LC_ALL", "C.UTF-8")
            .env("KT_DATA_DIR", self.data());
    }

    fn shown(&self, mut output: Output) -> Output {
        output.stdout_shown = self.without_paths(&output.stdout);
        output.stderr_shown = self.without_paths(&output.stderr);
        output
    }

    /// `text` with this directory's paths replaced by `$DATA` and `$WORK`.
    fn without_paths(&self, text: &[u8]) -> Vec<u8> {
        let text = replace(text, path_bytes(&self.data()), b"$DATA");
        replace(&text, path_bytes(&self.work()), b"$WORK")
    }
}

/// A command that is being put together.
pub(crate) struct Invocation<'a> {
    kt: &'a Kt,
    stdin: Vec<u8>,
    name: OsString,
    wrapper: Vec<OsString>,
    env: Vec<(OsString, Option<OsString>)>,
}

impl Invocation<'_> {
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.into(), Some(value.as_ref().into())));
        self
    }

    /// Takes a variable away that every command has otherwise.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.env.push((name.into(), None));
        self
    }

    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    pub(crate) fn run(mut self, arguments: impl Arguments) -> Output {
        let stdin = std::mem::take(&mut self.stdin);
        let kt = self.kt;
        kt.shown(self.start(arguments).write_all(stdin).finish())
    }

    /// Starts the command; what `stdin` said is written first, and standard input stays open.
    pub(crate) fn start(self, arguments: impl Arguments) -> Running {
        let command = self.command(arguments);
        let running = Running::start(command);
        if self.stdin.is_empty() { running } else { running.write_all(self.stdin) }
    }

    /// The command itself, in the cleared environment, for tests that connect its streams themselves.
    pub(crate) fn command(&self, arguments: impl Arguments) -> Command {
        let mut command = match self.wrapper.split_first() {
            None => Command::new(Kt::binary()),
            Some((program, rest)) => {
                let mut command = Command::new(program);
                command.args(rest).arg(Kt::binary());
                command
            }
        };
        if self.wrapper.is_empty() {
            command.arg0(&self.name);
        }
        self.kt.enter(&mut command);
        command.args(arguments.arguments());
        for (name, value) in &self.env {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }
}

/// A command line: one text split at blanks (single quotes keep blanks), or the arguments one by one.
pub(crate) trait Arguments {
    fn arguments(&self) -> Vec<OsString>;
}

impl Arguments for &str {
    fn arguments(&self) -> Vec<OsString> {
        let mut arguments = Vec::new();
        for (position, part) in self.split('\'').enumerate() {
            match position % 2 {
                0 => arguments.extend(part.split_whitespace().map(OsString::from)),
                _ => arguments.push(part.into()),
            }
        }
        arguments
    }
}

impl Arguments for String {
    fn arguments(&self) -> Vec<OsString> {
        self.as_str().arguments()
    }
}

impl<const N: usize> Arguments for [&str; N] {
    fn arguments(&self) -> Vec<OsString> {
        self.iter().map(OsString::from).collect()
    }
}

impl Arguments for &[&str] {
    fn arguments(&self) -> Vec<OsString> {
        self.iter().map(OsString::from).collect()
    }
}

impl Arguments for Vec<OsString> {
    fn arguments(&self) -> Vec<OsString> {
        self.clone()
    }
}

/// What a finished command left behind. Every test says what it expects of all three parts.
#[must_use = "compare it: `.shows(…)`, `.success()` or `.failure(…)`"]
#[derive(Debug)]
pub(crate) struct Output {
    pub(super) command: String,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    /// The exit status; 128 and the signal's number for a killed one.
    pub(super) status: i32,
    pub(super) stdout_shown: Vec<u8>,
    pub(super) stderr_shown: Vec<u8>,
}

/// The two streams of a command that ended as it should.
#[derive(Debug)]
pub(crate) struct Streams {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

impl Output {
    /// Compares all of it with a transcript: lines of standard output, `2> ` lines of standard error, `? N` for a
    /// status that isn't 0. Volatile text is replaced first, the data directory is `$DATA`.
    #[track_caller]
    pub(crate) fn shows(self, transcript: &str) {
        let want: Vec<String> = super::lines(transcript).into_iter().map(str::to_owned).collect();
        let got = self.transcript();
        assert!(want == got, "$ {}\n{}", self.command, unified(&want, &got));
    }

    /// Asserts status 0 and nothing on standard error but a consumer's count.
    #[track_caller]
    pub(crate) fn success(self) -> Streams {
        self.quiet(0)
    }

    /// Asserts that SIGINT ended it, with nothing on standard error but a consumer's count.
    #[track_caller]
    pub(crate) fn interrupted(self) -> Streams {
        self.quiet(128 + libc::SIGINT)
    }

    /// The same for SIGTERM.
    #[track_caller]
    pub(crate) fn terminated(self) -> Streams {
        self.quiet(128 + libc::SIGTERM)
    }

    /// Asserts status 0, whatever was noted on standard error.
    #[track_caller]
    pub(crate) fn success_with_notes(self) -> Streams {
        assert!(self.status == 0, "expected success:\n{self}");
        Streams { stdout: self.stdout, stderr: self.stderr }
    }

    #[track_caller]
    fn quiet(self, status: i32) -> Streams {
        let noise = super::lines(&String::from_utf8_lossy(&self.stderr))
            .into_iter()
            .filter(|line| !line.starts_with("Processed a total of "))
            .count();
        assert!(self.status == status && noise == 0, "expected status {status} and a silent stderr:\n{self}");
        Streams { stdout: self.stdout, stderr: self.stderr }
    }

    /// Asserts this exit status (128 + N: killed by signal N).
    #[track_caller]
    pub(crate) fn failure(self, status: i32) -> Streams {
        assert!(self.status == status, "expected exit status {status}:\n{self}");
        assert!(status >= 128 || !self.stderr.is_empty(), "a failure says why:\n{self}");
        Streams { stdout: self.stdout, stderr: self.stderr }
    }

    pub(crate) fn status(&self) -> i32 {
        self.status
    }

    /// The lines of standard output, with volatile text replaced, whatever else there was.
    pub(crate) fn lines(&self) -> Vec<String> {
        normalize(&self.stdout_shown)
    }

    fn transcript(&self) -> Vec<String> {
        let mut lines = normalize(&self.stdout_shown);
        lines.extend(normalize(&self.stderr_shown).into_iter().map(|line| format!("2> {line}")));
        if self.status != 0 {
            lines.push(format!("? {}", self.status));
        }
        lines
    }
}

impl Streams {
    /// Standard output as text.
    #[track_caller]
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.stdout.clone()).unwrap()
    }

    /// Standard error as text.
    pub(crate) fn errors(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// The lines of standard output.
    #[track_caller]
    pub(crate) fn lines(&self) -> Vec<String> {
        super::lines(&self.text()).into_iter().map(str::to_owned).collect()
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LINES_MAX: usize = 200;
        const WIDTH_MAX: usize = 300;
        writeln!(f, "$ {}", self.command)?;
        let lines = self.transcript();
        lines.iter().take(LINES_MAX).try_for_each(|line| writeln!(f, "{line:.WIDTH_MAX$}"))?;
        if lines.len() > LINES_MAX {
            writeln!(f, "({} more lines)", lines.len() - LINES_MAX)?;
        }
        Ok(())
    }
}

fn path_bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest, from) {
        replaced.extend_from_slice(&rest[..at]);
        replaced.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    replaced.extend_from_slice(rest);
    replaced
}
