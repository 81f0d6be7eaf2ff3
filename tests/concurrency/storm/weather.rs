//! What happens to the members, at random, and what is looked at meanwhile.

use super::deliveries::Deliveries;
use super::journal::{Deed, Event, Journal};
use super::members::{Process, Protocol, Setup};
use super::ownership::Ownership;
use crate::support::{Kt, Random, deadline};
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

pub(super) const PARTITIONS: usize = 8;
pub(super) const MEMBERS: usize = 12;
/// The last so many of the members' places have a static id.
const STATIC: usize = 4;
/// The longest time between two events.
const PAUSE: Duration = Duration::from_millis(120);
/// No run is shorter.
const SHORT: Duration = Duration::from_secs(3);

/// A group in bad weather.
pub(super) struct Weather {
    pub(super) kt: Kt,
    pub(super) random: Random,
    journal: Journal,
    setup: Setup,
    /// How long the run shall last at least.
    length: Duration,
    /// Members are killed, stopped and replaced, too.
    is_rough: bool,
    places: Vec<Option<Process>>,
    /// Members that were asked to leave, or whose static id another one has.
    going: Vec<Process>,
    next_member: usize,
    pub(super) ownership: Ownership,
    pub(super) deliveries: Deliveries,
}

impl Weather {
    pub(super) fn new(setup: Setup, is_rough: bool, length: Duration) -> Weather {
        let kt = Kt::new();
        let create = format!("topics --create --topic log --partitions {PARTITIONS}");
        kt.run(create).shows("Created topic log.\n");
        let journal = Journal::new(&kt.work().join("journal"));
        Weather {
            kt,
            random: Random::new(),
            journal,
            setup,
            length,
            is_rough,
            places: (0..MEMBERS).map(|_| None).collect(),
            going: Vec::new(),
            next_member: 0,
            ownership: Ownership::default(),
            // Where a group goes from one protocol to the other, its members may begin at an older commit.
            deliveries: Deliveries::new(
                PARTITIONS,
                !is_rough && !matches!(setup.protocol, Protocol::Both(_)),
            ),
        }
    }

    fn start(&mut self, place: usize) {
        let instance_id = (place >= MEMBERS - STATIC).then_some(place);
        self.next_member += 1;
        let assignor = self.setup.protocol.of_a_member(&mut self.random, instance_id.is_some());
        let session_ms = self.setup.session_timeout_ms;
        let new =
            Process::start(&self.kt, &self.journal, session_ms, assignor, self.next_member, instance_id);
        self.places[place] = Some(new);
    }

    /// Something happens to a member, or nothing; then a pause.
    pub(super) fn event(&mut self) {
        self.look();
        let place = self.random.below(MEMBERS as u64) as usize;
        let deed = self.random.below(if self.is_rough { 9 } else { 3 });
        let is_there = self.places[place].is_some();
        let is_stopped = self.places[place].as_ref().is_some_and(|process| process.stopped_until.is_some());
        match deed {
            // Two with one static id, neither of them in the group yet, replace one another in any order.
            _ if !is_there && self.going.iter().any(|process| process.instance_id == Some(place)) => {
                self.hurry();
            }
            _ if !is_there => self.start(place),
            0 | 1 if !is_stopped => self.leave(place),
            2 => {}
            3 | 4 => self.places[place].take().unwrap().kill(&mut self.journal),
            5 if !is_stopped => self.replace(place),
            6.. if !is_stopped => self.stop(place),
            _ => {}
        }
        thread::sleep(self.random.time_below(PAUSE));
    }

    /// Asks those to leave, too, whose successors were gone before they could replace them.
    fn hurry(&mut self) {
        self.going.iter().for_each(|process| process.terminate(&mut self.journal));
    }

    fn leave(&mut self, place: usize) {
        let process = self.places[place].take().unwrap();
        process.terminate(&mut self.journal);
        self.going.push(process);
    }

    /// For less than a session, or for more where that isn't longer than everything else takes.
    fn stop(&mut self, place: usize) {
        let session = Duration::from_millis(self.setup.session_timeout_ms);
        let time = match self.random.below(2) {
            1 if session < self.length.max(SHORT) => session + self.random.time_below(session),
            _ => self.random.time_below(SHORT.min(session) / 3),
        };
        let process = self.places[place].as_mut().unwrap();
        process.stop(&mut self.journal, Instant::now() + time);
        if time > SHORT {
            process.let_go_of_locks(&self.kt);
        }
    }

    /// Starts another process with a static member's id. (In the newer protocol it would be refused while the first lives.)
    fn replace(&mut self, place: usize) {
        let process = self.places[place].as_ref().unwrap();
        let may_be_replaced =
            process.instance_id.is_some() && matches!(self.setup.protocol, Protocol::Classic(_));
        if !may_be_replaced || !self.ownership.is_settled(process.member) {
            return;
        }
        let mut process = self.places[place].take().unwrap();
        process.is_replaced = true;
        self.journal.note(Deed::Replace, process.member);
        self.going.push(process);
        self.start(place);
    }

    /// Ends what is over, and follows what has happened.
    pub(super) fn look(&mut self) {
        for process in self.places.iter_mut().flatten() {
            if process.stopped_until.is_some_and(|until| until <= Instant::now()) {
                process.go_on(&mut self.journal);
            }
        }
        let ended: Vec<Process> = self.going.extract_if(.., |process| process.ended().is_some()).collect();
        let deserted = self.places.iter_mut().flatten().find_map(|process| {
            let status = process.ended()?;
            Some(format!("m{} has ended by itself: {status}", process.member))
        });
        self.read();
        if let Some(wrong) = deserted {
            self.fail(&wrong);
        }
        for process in ended {
            self.check_end(process);
        }
    }

    fn check_end(&self, mut process: Process) {
        let member = process.member;
        let status = process.ended().unwrap();
        // One that had not come to hear of signals yet was killed by it.
        let is_right = match process.is_replaced {
            true => matches!(status.code(), Some(1 | 143)),
            false => status.code() == Some(143) || status.signal() == Some(libc::SIGTERM),
        };
        if !is_right {
            self.fail(&format!("m{member} ended with {status}"));
        }
        let left = self.ownership.of(member);
        if !left.is_empty() {
            self.fail(&format!("m{member} has left and not let go of {left:?}"));
        }
    }

    fn read(&mut self) {
        for event in self.journal.read() {
            let followed = match &event {
                Event::Said(text) if text.contains("static consumer") => Ok(()),
                Event::Said(text) => Err(format!("a member says: {text}")),
                Event::Record { member, partition, offset, value } => {
                    let delivered = self.deliveries.follow(*partition, *offset, value);
                    delivered.map_err(|wrong| format!("m{member}, {wrong}"))
                }
                _ => Ok(()),
            };
            if let Err(wrong) = followed.and_then(|()| self.ownership.follow(&event)) {
                self.fail(&format!("{wrong}, at {event:?}"));
            }
        }
    }

    /// The sky clears: whoever is stopped goes on, and everybody is there.
    pub(super) fn clear_up(&mut self) {
        for process in self.places.iter_mut().flatten().filter(|process| process.stopped_until.is_some()) {
            process.go_on(&mut self.journal);
        }
        self.hurry();
        self.wait_until("everybody who leaves to be gone", Weather::is_over);
        for place in 0..MEMBERS {
            if self.places[place].is_none() {
                self.start(place);
            }
        }
    }

    /// Everybody is asked to leave.
    pub(super) fn end(&mut self) {
        for place in 0..MEMBERS {
            self.leave(place);
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.going.is_empty()
    }

    /// The client ids of the owners of the partitions, in order.
    pub(super) fn owners(&self) -> Vec<String> {
        self.ownership.owners().map(|member| format!("#m{member}")).collect()
    }

    /// Follows what happens until `condition` holds.
    pub(super) fn wait_until(&mut self, what: &str, condition: impl Fn(&Weather) -> bool) {
        let end = deadline();
        while !condition(self) {
            if Instant::now() >= end {
                let describe = |what| self.kt.run(format!("groups --describe --group storm {what}"));
                let described = ["--state", "--members", ""].map(|what| describe(what).to_string());
                let going: Vec<String> = self.going.iter().map(Process::threads).collect();
                self.fail(&format!("waited for {what}\n{}\n{}", described.concat(), going.join("\n")));
            }
            self.look();
        }
    }

    /// Keeps the directory and the journal for who wants to know why.
    pub(super) fn fail(&self, wrong: &str) -> ! {
        let kept = tempfile::Builder::new().prefix("kt-storm-").tempdir().unwrap().keep();
        let from = [self.kt.data(), self.journal.path().to_owned()];
        let copied = Command::new("cp").arg("-r").args(from).arg(&kept).status();
        panic!("{wrong}\n{:?}; see {} ({copied:?})", self.setup, kept.display());
    }
}
