//! Members of one share group: no record is had by two of them at a time, and whatever becomes of a member, somebody gets
//! its records.

use crate::support::{Kt, Random, Running, wait_until};
use std::collections::HashMap;
use std::fs::File;
use std::os::fd::AsRawFd;

const PARTITIONS: usize = 3;
const MEMBERS: usize = 5;
const RECORDS: usize = 1500;
const BURST: usize = 30;

/// A directory with a topic that the group `g` reads from the beginning.
fn directory(partitions: usize, settings: &str) -> Kt {
    let kt = Kt::new();
    kt.run(format!("topics --create --topic tasks --partitions {partitions}"))
        .shows("Created topic tasks.\n");
    let configs = "configs --alter --entity-type groups --entity-name g --add-config";
    kt.run(format!("{configs} share.auto.offset.reset=earliest,{settings}"))
        .shows("Completed updating config for group g.\n");
    kt
}

fn member(kt: &Kt, settings: &str) -> Running {
    kt.start(format!("share-consume --topic tasks --group g {settings}"))
}

/// PARTITION, START-OFFSET and LAG of each partition.
fn positions(kt: &Kt) -> Vec<String> {
    let output = kt.run("share-groups --describe --group g");
    let lines = output.lines();
    let rows = lines.iter().filter(|line| line.starts_with("g "));
    rows.map(|line| line.split_whitespace().skip(2).collect::<Vec<_>>().join(" ")).collect()
}

fn members(kt: &Kt) -> usize {
    let output = kt.run("share-groups --describe --group g --members");
    output.lines().iter().filter(|line| line.starts_with("g ")).count()
}

fn wait_until_done(kt: &Kt) {
    wait_until("no record is left", || {
        let positions = positions(kt);
        !positions.is_empty() && positions.iter().all(|row| row.ends_with(" 0"))
    });
}

#[test]
fn whoever_is_killed_every_record_is_delivered_and_to_one_that_lives_once() {
    // The longest locks there are: on a slow machine none shall end while its holder is at work.
    let kt = directory(PARTITIONS, "share.record.lock.duration.ms=60000");
    let mut random = Random::new();
    let start = |kt: &Kt| member(kt, "--command-property max.poll.records=7");
    let mut living: Vec<Running> = (0..MEMBERS).map(|_| start(&kt)).collect();
    wait_until("all have joined", || members(&kt) == MEMBERS);
    let mut killed: Vec<Running> = Vec::new();
    let mut producer = kt.start("produce --topic tasks");
    for burst in 0..RECORDS / BURST {
        let lines: Vec<String> = (0..BURST).map(|line| (burst * BURST + line).to_string()).collect();
        producer.write_line(&lines.join("\n"));
        if random.below(3) == 0 {
            let victim = living.swap_remove(random.below(MEMBERS as u64) as usize);
            victim.kill();
            killed.push(victim);
            living.push(start(&kt));
        }
    }
    producer.finish().shows("");
    wait_until_done(&kt);
    let mut by_the_living: HashMap<String, usize> = HashMap::new();
    for member in &living {
        member.interrupt();
    }
    for member in living {
        for line in member.finish().interrupted().lines() {
            *by_the_living.entry(line).or_default() += 1;
        }
    }
    let twice: Vec<&String> =
        by_the_living.iter().filter(|(_, times)| **times > 1).map(|(line, _)| line).collect();
    assert!(twice.is_empty(), "delivered to two that lived: {twice:?}");
    let mut seen: Vec<String> = by_the_living.into_keys().collect();
    for member in killed {
        seen.extend(String::from_utf8(member.stdout_so_far()).unwrap().lines().map(str::to_owned));
    }
    seen.sort();
    seen.dedup();
    // A line that was cut by a kill is none.
    seen.retain(|line| line.parse::<usize>().is_ok_and(|number| number < RECORDS));
    assert_eq!(seen.len(), RECORDS, "nothing is lost");
    wait_until("all are gone", || members(&kt) == 0);
}

/// A member that has three records and can't get rid of the first: nobody reads what it prints.
struct Stuck {
    id: i32,
}

impl Stuck {
    fn start(kt: &Kt) -> Stuck {
        let large = "x".repeat(700_000);
        kt.stdin(format!("{large}\n{large}\n{large}\n")).run("produce --topic tasks").shows("");
        let script = "mkfifo unread && exec 3<>unread && \
                      { $KT share-consume --topic tasks --group g >unread 2>errors </dev/null & echo $!; }";
        let id = kt.bash(script).success().lines()[0].parse().unwrap();
        let stuck = Stuck { id };
        wait_until("it has joined", || members(kt) == 1);
        let pipe = File::options().read(true).write(true).open(kt.work().join("unread")).unwrap();
        wait_until("it prints", || unread_bytes(&pipe) >= 4096);
        stuck
    }

    fn signal(&self, signal: libc::c_int) {
        // SAFETY: kill touches no memory; nobody else has reaped the process, for it is init's by now.
        unsafe { libc::kill(self.id, signal) };
    }
}

impl Drop for Stuck {
    fn drop(&mut self) {
        self.signal(libc::SIGKILL);
    }
}

fn unread_bytes(pipe: &File) -> libc::c_int {
    let mut count: libc::c_int = 0;
    // SAFETY: the descriptor is open, and the number outlives the call.
    assert_eq!(unsafe { libc::ioctl(pipe.as_raw_fd(), libc::FIONREAD, &mut count) }, 0);
    count
}

/// A member that prints how often it gets each record.
fn heir(kt: &Kt) -> Running {
    member(kt, "--formatter-property print.delivery=true --formatter-property print.value=false")
}

#[test]
fn a_killed_members_records_go_to_the_other_at_once() {
    let kt = directory(1, "share.record.lock.duration.ms=60000");
    let stuck = Stuck::start(&kt);
    let heir = heir(&kt);
    wait_until("both are there", || members(&kt) == 2);
    assert_eq!(heir.stdout_so_far(), b"");
    stuck.signal(libc::SIGKILL);
    heir.wait_for_lines(3);
    wait_until_done(&kt);
    assert_eq!(members(&kt), 1);
    heir.interrupt();
    assert_eq!(heir.finish().interrupted().lines(), ["Delivery:2"; 3]);
}

#[test]
fn a_stopped_members_records_go_to_the_other_when_its_locks_end() {
    let kt = directory(1, "share.record.lock.duration.ms=15000");
    let stuck = Stuck::start(&kt);
    stuck.signal(libc::SIGSTOP);
    let heir = heir(&kt);
    heir.wait_for_lines(3);
    wait_until_done(&kt);
    assert_eq!(members(&kt), 2, "it is not taken for dead yet");
    // It goes on with the record that it was at. The others it has no more, and what it says counts for nothing.
    stuck.signal(libc::SIGCONT);
    kt.bash("head -c 700001 unread | wc -c").shows("700001\n");
    stuck.signal(libc::SIGINT);
    wait_until("it has left", || members(&kt) == 1);
    assert_eq!(positions(&kt).len(), 1);
    wait_until_done(&kt);
    heir.interrupt();
    assert_eq!(heir.finish().interrupted().lines(), ["Delivery:2"; 3]);
}
