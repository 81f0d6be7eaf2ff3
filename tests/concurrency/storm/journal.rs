//! The journal: one file opened for appending by all members and the test, so that the order of its lines is the order in
//! which things happened. A member's own lines are those of `--show-assignments` and of the records it prints.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// A member of the group: the number of its process, never used again.
pub(super) type Member = usize;

/// Who a line is about, with what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A line of the test's own, before it does something to a member.
    Test(Deed, Member),
    Assigned(Member, Vec<usize>),
    /// Let go of in time.
    Revoked(Member, Vec<usize>),
    /// Taken away.
    Lost(Member, Vec<usize>),
    /// A record was delivered.
    Record {
        member: Member,
        partition: usize,
        offset: u64,
        value: String,
    },
    /// Anything else that a member says.
    Said(String),
}

/// What the test does to a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// It is asked to leave.
    Terminate,
    Kill,
    Stop,
    Continue,
    /// Another process starts with its static id.
    Replace,
}

const DEEDS: [(&str, Deed); 5] = [
    ("terminating", Deed::Terminate),
    ("killing", Deed::Kill),
    ("stopping", Deed::Stop),
    ("continuing", Deed::Continue),
    ("replacing", Deed::Replace),
];

/// The file, and how far it has been read.
pub(super) struct Journal {
    path: PathBuf,
    writer: File,
    reader: File,
    /// The last line, while its end has not been written.
    rest: Vec<u8>,
    lines: Vec<String>,
}

impl Journal {
    pub(super) fn new(path: &Path) -> Journal {
        let writer = OpenOptions::new().create(true).append(true).open(path).unwrap();
        let reader = File::open(path).unwrap();
        Journal { path: path.to_owned(), writer, reader, rest: Vec::new(), lines: Vec::new() }
    }

    /// A handle for a member's standard output or error.
    pub(super) fn handle(&self) -> File {
        OpenOptions::new().append(true).open(&self.path).unwrap()
    }

    pub(super) fn note(&mut self, deed: Deed, member: Member) {
        let word = DEEDS.iter().find(|(_, known)| *known == deed).unwrap().0;
        self.writer.write_all(format!("#test {word} m{member}\n").as_bytes()).unwrap();
    }

    /// The events since the last call.
    pub(super) fn read(&mut self) -> Vec<Event> {
        let mut bytes = std::mem::take(&mut self.rest);
        self.reader.read_to_end(&mut bytes).unwrap();
        let whole = memchr::memrchr(b'\n', &bytes).map_or(0, |end| end + 1);
        self.rest = bytes.split_off(whole);
        let text = String::from_utf8(bytes).unwrap();
        let first = self.lines.len();
        self.lines.extend(text.lines().map(str::to_owned));
        self.lines[first..].iter().filter_map(|line| event(line)).collect()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// What a line says; nothing of interest where `None`.
fn event(line: &str) -> Option<Event> {
    if line.contains("Processed a total of ") {
        return None;
    }
    // A killed member may have got only a part of its last write out; what follows on the same line is somebody else's.
    let heads = ["Partition:", "#", "kt: "];
    let line = heads.iter().filter_map(|head| line.rfind(head)).max().map_or(line, |at| &line[at..]);
    if line.starts_with("Partition:") {
        return Some(record(line).unwrap_or_else(|| Event::Said(line.to_owned())));
    }
    let words: Vec<&str> = line.trim_start_matches('#').split(' ').collect();
    let event = match words[..] {
        ["test", word, name] => {
            let deed = DEEDS.iter().find(|(known, _)| *known == word);
            deed.zip(member(name)).map(|((_, deed), member)| Event::Test(*deed, member))
        }
        [name, what, ref names @ ..] => member(name).and_then(|member| {
            let partitions: Vec<usize> =
                names.iter().filter_map(|name| name.strip_prefix("log-")?.parse().ok()).collect();
            match what {
                "assigned" => Some(Event::Assigned(member, partitions)),
                "revoked" => Some(Event::Revoked(member, partitions)),
                "lost" => Some(Event::Lost(member, partitions)),
                _ => None,
            }
        }),
        _ => None,
    };
    Some(event.unwrap_or_else(|| Event::Said(line.to_owned())))
}

fn member(name: &str) -> Option<Member> {
    name.strip_prefix('m')?.parse().ok()
}

fn record(line: &str) -> Option<Event> {
    let mut columns = line.split('\t');
    let partition = columns.next()?.strip_prefix("Partition:")?.parse().ok()?;
    let offset = columns.next()?.strip_prefix("Offset:")?.parse().ok()?;
    let value = columns.next()?.to_owned();
    let member = member(columns.next()?)?;
    Some(Event::Record { member, partition, offset, value })
}

#[test]
fn a_torn_line_hides_nothing_of_the_next() {
    let whole = "Partition:3\tOffset:17\t2-5\tm7";
    let record = Event::Record { member: 7, partition: 3, offset: 17, value: "2-5".to_owned() };
    assert_eq!(event(whole), Some(record.clone()));
    assert_eq!(event(&format!("Partition:1\tOff{whole}")), Some(record));
    assert_eq!(event("Partition:1#m4 lost log-0 log-7"), Some(Event::Lost(4, vec![0, 7])));
    assert_eq!(event("#m4 assigned no partitions"), Some(Event::Assigned(4, Vec::new())));
    assert_eq!(event("#test stopping m12"), Some(Event::Test(Deed::Stop, 12)));
    assert!(matches!(event("kt: no"), Some(Event::Said(_))));
}
