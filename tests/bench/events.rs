//! Verifiable consumers at work: their lines as they come, with the time at which each came.

use crate::tools::Tools;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Nothing that is measured takes as long.
const LIMIT: Duration = Duration::from_secs(120);

/// A line of a member.
pub(crate) struct Event {
    pub(crate) member: usize,
    pub(crate) at: Instant,
    value: Value,
}

impl Event {
    pub(crate) fn is(&self, name: &str) -> bool {
        self.value["name"] == name
    }

    /// The numbers of the partitions that the event is about.
    pub(crate) fn partitions(&self) -> Vec<u64> {
        let partitions = self.value["partitions"].as_array().map(Vec::as_slice).unwrap_or_default();
        partitions.iter().map(|partition| partition["partition"].as_u64().unwrap()).collect()
    }
}

/// The members of a group, each a process.
pub(crate) struct Members {
    children: Vec<Child>,
    sender: Sender<Event>,
    events: Receiver<Event>,
}

impl Members {
    pub(crate) fn new() -> Members {
        let (sender, events) = channel();
        Members { children: Vec::new(), sender, events }
    }

    /// Starts one more; returns its number.
    pub(crate) fn start(&mut self, tools: &Tools, arguments: &str) -> usize {
        let member = self.children.len();
        let mut command = tools.command("verifiable-consumer", arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        self.children.push(child);
        let sender = self.sender.clone();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let at = Instant::now();
                // A member that is killed may leave half a line.
                let Ok(value) = serde_json::from_str(&line) else { return };
                if sender.send(Event { member, at, value }).is_err() {
                    return;
                }
            }
        });
        member
    }

    /// kill -9.
    pub(crate) fn kill(&mut self, member: usize) {
        self.children[member].kill().unwrap();
        self.children[member].wait().unwrap();
    }

    /// The next event of anyone.
    pub(crate) fn next(&self) -> Event {
        self.events.recv_timeout(LIMIT).expect("a line of a member")
    }

    /// The next event that is as `wanted`; those before it are dropped.
    pub(crate) fn find(&self, wanted: impl Fn(&Event) -> bool) -> Event {
        std::iter::repeat_with(|| self.next()).find(wanted).unwrap()
    }
}

impl Drop for Members {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
