//! The members: consumers in one group whose both streams end in the journal.

use super::journal::{Deed, Journal, Member};
use crate::support::{Kt, Random, wait_until};
use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::time::Instant;

/// How the members of a run are set up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setup {
    pub(super) protocol: Protocol,
    pub(super) session_timeout_ms: u64,
}

/// How a group shares its partitions out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// By an assignor of the members: a class name without its package.
    Classic(&'static str),
    /// `group.protocol=consumer`.
    Modern,
    /// Most by that assignor, some by the newer protocol: as long as there are such, the others are guests.
    Both(&'static str),
}

impl Protocol {
    /// The assignor of a new member; `None` for one of the newer protocol. A static id stays with one protocol.
    pub(super) fn of_a_member(self, random: &mut Random, is_static: bool) -> Option<&'static str> {
        match self {
            Protocol::Classic(assignor) => Some(assignor),
            Protocol::Modern => None,
            Protocol::Both(assignor) => (is_static || random.below(8) > 0).then_some(assignor),
        }
    }
}

/// A member's process. Killed when dropped.
pub(super) struct Process {
    pub(super) member: Member,
    pub(super) instance_id: Option<usize>,
    /// Stopped until then.
    pub(super) stopped_until: Option<Instant>,
    /// Another process has its static id: it ends with an error.
    pub(super) is_replaced: bool,
    child: Child,
}

impl Process {
    pub(super) fn start(
        kt: &Kt,
        journal: &Journal,
        session_timeout_ms: u64,
        assignor: Option<&str>,
        member: Member,
        instance_id: Option<usize>,
    ) -> Process {
        let mut settings = vec![format!("client.id=#m{member}"), "auto.commit.interval.ms=100".to_owned()];
        match assignor {
            Some(assignor) => settings.extend([
                format!("session.timeout.ms={session_timeout_ms}"),
                format!("heartbeat.interval.ms={}", session_timeout_ms / 10),
                format!("partition.assignment.strategy=org.apache.kafka.clients.consumer.{assignor}"),
            ]),
            None => settings.push("group.protocol=consumer".to_owned()),
        }
        settings.extend(instance_id.map(|id| format!("group.instance.id=static-{id}")));
        let shown = ["print.partition=true".to_owned(), "print.offset=true".to_owned()];
        let shown = shown.into_iter().chain([format!("line.separator=\tm{member}\n")]);
        let fixed = "consume --topic log --group storm --from-beginning --show-assignments";
        let mut arguments: Vec<OsString> = fixed.split(' ').map(OsString::from).collect();
        let settings = settings.into_iter().map(|setting| ("--command-property", setting));
        for (option, setting) in settings.chain(shown.map(|setting| ("--formatter-property", setting))) {
            arguments.extend([option.into(), setting.into()]);
        }
        let mut command = kt.invocation().command(arguments);
        command.stdin(Stdio::null()).stdout(journal.handle()).stderr(journal.handle());
        let child = command.spawn().unwrap();
        Process { member, instance_id, stopped_until: None, is_replaced: false, child }
    }

    pub(super) fn kill(&mut self, journal: &mut Journal) {
        journal.note(Deed::Kill, self.member);
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Stops it wherever it is.
    pub(super) fn stop(&mut self, journal: &mut Journal, until: Instant) {
        journal.note(Deed::Stop, self.member);
        self.signal(libc::SIGSTOP);
        self.stopped_until = Some(until);
    }

    /// Lets it go on for a moment, and again, if it has been stopped in the instant in which it holds a lock: for long,
    /// nobody could do anything. Where the system doesn't tell, it stays as it is.
    pub(super) fn let_go_of_locks(&self, kt: &Kt) {
        let states = std::fs::read_dir(kt.data().join(".kt/partitions")).unwrap();
        let files: Vec<String> =
            states.map(|file| format!(":{} ", file.unwrap().metadata().unwrap().ino())).collect();
        let id = format!(" {} ", self.child.id());
        let holds = |line: &str| {
            !line.contains("->") && line.contains(&id) && files.iter().any(|file| line.contains(file))
        };
        let is_held = || std::fs::read_to_string("/proc/locks").is_ok_and(|locks| locks.lines().any(holds));
        let state = format!("/proc/{}/stat", self.child.id());
        let runs = || std::fs::read_to_string(&state).is_ok_and(|state| !state.contains(") T "));
        wait_until("a stopped process", || !runs());
        while is_held() {
            self.signal(libc::SIGCONT);
            self.signal(libc::SIGSTOP);
            wait_until("a stopped process", || !runs());
        }
    }

    pub(super) fn go_on(&mut self, journal: &mut Journal) {
        journal.note(Deed::Continue, self.member);
        self.signal(libc::SIGCONT);
        self.stopped_until = None;
    }

    pub(super) fn terminate(&self, journal: &mut Journal) {
        journal.note(Deed::Terminate, self.member);
        self.signal(libc::SIGTERM);
    }

    /// What its threads wait for, where the system tells.
    pub(super) fn threads(&self) -> String {
        let of = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
        let tasks =
            std::fs::read_dir(format!("/proc/{}/task", self.child.id())).into_iter().flatten().flatten();
        let lines = tasks.map(|task| {
            let [name, wait, call] = ["comm", "wchan", "syscall"].map(|file| of(&task.path().join(file)));
            format!("  {} {} {}", name.trim_end(), wait.trim_end(), call.trim_end())
        });
        std::iter::once(format!("m{}:", self.member)).chain(lines).collect::<Vec<_>>().join("\n")
    }

    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    fn signal(&self, signal: libc::c_int) {
        // SAFETY: kill touches no memory, and the child has not been reaped, so the id is still its own.
        unsafe { libc::kill(self.child.id().cast_signed(), signal) };
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
