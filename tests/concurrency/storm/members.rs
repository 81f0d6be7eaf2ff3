//! The members: consumers in one group whose both streams end in the journal.

use super::journal::{Deed, Journal, Member};
use crate::support::Kt;
use std::ffi::OsString;
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
        setup: &Setup,
        member: Member,
        instance_id: Option<usize>,
    ) -> Process {
        let mut settings = vec![format!("client.id=#m{member}"), "auto.commit.interval.ms=100".to_owned()];
        let session_timeout_ms = setup.session_timeout_ms;
        match setup.protocol {
            Protocol::Classic(assignor) => settings.extend([
                format!("session.timeout.ms={session_timeout_ms}"),
                format!("heartbeat.interval.ms={}", session_timeout_ms / 10),
                format!("partition.assignment.strategy=org.apache.kafka.clients.consumer.{assignor}"),
            ]),
            Protocol::Modern => settings.push("group.protocol=consumer".to_owned()),
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

    pub(super) fn stop(&mut self, journal: &mut Journal, until: Instant) {
        journal.note(Deed::Stop, self.member);
        self.signal(libc::SIGSTOP);
        self.stopped_until = Some(until);
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
