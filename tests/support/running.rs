//! `Running`: a command that goes on beside the test. It is killed when dropped, and nothing waits for ever.

use super::kt::Output;
use regex::Regex;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// What any one wait may take; generous, since it only matters when something is broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// The moment at which a wait that begins now has failed.
pub(crate) fn deadline() -> Instant {
    Instant::now() + PATIENCE
}

/// Waits until `condition` holds; fails with `what` at the deadline.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let end = deadline();
    while !condition() {
        assert!(Instant::now() < end, "waited {PATIENCE:?} for {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A started command with its three streams.
pub(crate) struct Running {
    command: String,
    child: Child,
    stdin: Option<ChildStdin>,
    feeder: Option<JoinHandle<ChildStdin>>,
    stdout: Stream,
    stderr: Stream,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Running {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Running {
            command: words(&command),
            stdin: child.stdin.take(),
            feeder: None,
            stdout: Stream::collect(child.stdout.take().unwrap()),
            stderr: Stream::collect(child.stderr.take().unwrap()),
            child,
        }
    }

    /// Feeds `bytes` to standard input from a thread, so that neither side can block the other for ever.
    /// A command that ends without reading them is no failure.
    pub(crate) fn write_all(mut self, bytes: Vec<u8>) -> Running {
        let mut stdin = self.stdin.take().expect("standard input is open and idle");
        self.feeder = Some(thread::spawn(move || {
            let _ = stdin.write_all(&bytes);
            stdin
        }));
        self
    }

    /// Writes one line and its end now; the command must be alive.
    #[track_caller]
    pub(crate) fn write_line(&mut self, line: &str) {
        let stdin = self.idle_stdin().expect("standard input is open");
        stdin.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    pub(crate) fn close_stdin(&mut self) {
        self.idle_stdin();
        self.stdin = None;
    }

    /// Waits for a line of standard output that `pattern` matches, and returns the first.
    #[track_caller]
    pub(crate) fn wait_for_line(&self, pattern: &str) -> String {
        self.stdout.wait_for_line(pattern, &self.command)
    }

    /// The same on standard error.
    #[track_caller]
    pub(crate) fn wait_for_error_line(&self, pattern: &str) -> String {
        self.stderr.wait_for_line(pattern, &self.command)
    }

    /// Waits for `count` lines on standard output.
    #[track_caller]
    pub(crate) fn wait_for_lines(&self, count: usize) {
        self.stdout.wait_for(&format!("{count} lines of {}", self.command), |bytes| {
            (memchr::memchr_iter(b'\n', bytes).count() >= count).then_some(())
        });
    }

    /// What standard output has had so far.
    pub(crate) fn stdout_so_far(&self) -> Vec<u8> {
        self.stdout.shared.0.lock().unwrap().bytes.clone()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// SIGINT, as ctrl-C sends it.
    pub(crate) fn interrupt(&self) {
        self.signal(libc::SIGINT);
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) {
        self.signal(libc::SIGTERM);
    }

    /// SIGKILL: what a crash does.
    pub(crate) fn kill(&self) {
        self.signal(libc::SIGKILL);
    }

    /// SIGSTOP: it does nothing any more, and doesn't know it.
    pub(crate) fn stop(&self) {
        self.signal(libc::SIGSTOP);
    }

    /// SIGCONT.
    pub(crate) fn resume(&self) {
        self.signal(libc::SIGCONT);
    }

    /// Closes standard input, waits for the end and returns what there was.
    #[track_caller]
    pub(crate) fn finish(mut self) -> Output {
        let feeder = self.feeder.take();
        self.stdin = None;
        let mut status = None;
        let mut stdin = None;
        if let Some(feeder) = feeder {
            wait_until(&format!("{} to read its input or end", self.command), || {
                status = self.child.try_wait().unwrap();
                feeder.is_finished() || status.is_some()
            });
            stdin = feeder.is_finished().then(|| feeder.join().unwrap());
        }
        drop(stdin);
        wait_until(&format!("the end of {}", self.command), || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        let status = status.unwrap();
        let stdout = self.stdout.to_end(&self.command);
        let stderr = self.stderr.to_end(&self.command);
        Output {
            command: self.command.clone(),
            status: status.code().or(status.signal().map(|signal| 128 + signal)).unwrap(),
            stdout_shown: stdout.clone(),
            stderr_shown: stderr.clone(),
            stdout,
            stderr,
        }
    }

    fn idle_stdin(&mut self) -> Option<&mut ChildStdin> {
        if let Some(feeder) = self.feeder.take() {
            self.stdin = Some(feeder.join().unwrap());
        }
        self.stdin.as_mut()
    }

    pub(crate) fn signal(&self, signal: libc::c_int) {
        // SAFETY: kill touches no memory, and the child has not been reaped, so the id is still its own.
        unsafe { libc::kill(self.child.id().cast_signed(), signal) };
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Bytes that a thread collects from a pipe.
struct Stream {
    shared: Arc<(Mutex<Collected>, Condvar)>,
}

#[derive(Default)]
struct Collected {
    bytes: Vec<u8>,
    ended: bool,
}

impl Stream {
    fn collect(mut pipe: impl Read + Send + 'static) -> Stream {
        let shared = Arc::new((Mutex::new(Collected::default()), Condvar::new()));
        let to = Arc::clone(&shared);
        thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            loop {
                let count = pipe.read(&mut buffer).unwrap_or(0);
                let mut collected = to.0.lock().unwrap_or_else(PoisonError::into_inner);
                collected.bytes.extend_from_slice(&buffer[..count]);
                collected.ended = count == 0;
                to.1.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        Stream { shared }
    }

    #[track_caller]
    fn wait_for_line(&self, pattern: &str, command: &str) -> String {
        let regex = Regex::new(pattern).unwrap();
        self.wait_for(&format!("a line like {pattern:?} from {command}"), |bytes| {
            let whole = memchr::memrchr(b'\n', bytes)?;
            let text = String::from_utf8_lossy(&bytes[..whole]);
            text.split('\n').find(|line| regex.is_match(line)).map(str::to_owned)
        })
    }

    /// Waits until `look` finds something in the bytes so far; fails at the deadline or when no more can come.
    #[track_caller]
    fn wait_for<T>(&self, what: &str, look: impl Fn(&[u8]) -> Option<T>) -> T {
        let end = deadline();
        let mut collected = self.shared.0.lock().unwrap();
        loop {
            if let Some(found) = look(&collected.bytes) {
                return found;
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(
                !collected.ended && !left.is_zero(),
                "waited in vain for {what}; there was:\n{}",
                String::from_utf8_lossy(&collected.bytes)
            );
            collected = self.shared.1.wait_timeout(collected, left).unwrap().0;
        }
    }

    /// All bytes, once the other side has closed the pipe.
    #[track_caller]
    fn to_end(&self, command: &str) -> Vec<u8> {
        let end = deadline();
        let mut collected = self.shared.0.lock().unwrap();
        while !collected.ended {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{command} has ended, but something holds its output open");
            collected = self.shared.1.wait_timeout(collected, left).unwrap().0;
        }
        std::mem::take(&mut collected.bytes)
    }
}

fn words(command: &Command) -> String {
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once("kt".to_owned()).chain(arguments).collect::<Vec<_>>().join(" ")
}
