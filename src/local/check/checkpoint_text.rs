//! The checkpoint files of a broker's directory, read strictly: each byte must be as whoever writes them writes it.

use crate::disk;
use crate::log::check::{Findings, Fix, Severity};
use crate::types::{Offset, PartitionId, TopicPartition};
use std::path::Path;

const MEANING: &str = "a broker that starts here recovers more than it needs to, or refuses to start";

/// A line of a checkpoint file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) partition: TopicPartition,
    pub(super) offset: Offset,
    /// From 1.
    pub(super) number: usize,
}

/// The lines of a file that is there; what is wrong with it is noted.
pub(super) fn read(path: &Path, findings: &mut Findings) -> Option<Vec<Line>> {
    let text = match disk::read_text(path) {
        Ok(Some(text)) => text,
        Ok(None) => return None,
        Err(e) => {
            findings.file(Severity::Warning, path, e, MEANING, Fix::Rebuild);
            return None;
        }
    };
    match parse(&text) {
        Ok(lines) => Some(lines),
        Err(what) => {
            findings.file(Severity::Warning, path, what, MEANING, Fix::Rebuild);
            None
        }
    }
}

/// The lines of a file that can be read, each partition's first; `None` where there is no file.
pub(super) fn salvage(path: &Path) -> Option<Vec<Line>> {
    let text = disk::read_text(path).ok()??;
    let mut read: Vec<Line> = Vec::new();
    for (index, text) in text.lines().enumerate().skip(2) {
        if let Some(line) =
            line(text, index + 1).filter(|new| read.iter().all(|old| old.partition != new.partition))
        {
            read.push(line);
        }
    }
    Some(read)
}

/// A file's content.
pub(super) fn text(lines: &[Line]) -> String {
    let line = |line: &Line| {
        let TopicPartition { topic, partition } = &line.partition;
        format!("{topic} {partition} {}\n", line.offset)
    };
    format!("0\n{}\n{}", lines.len(), lines.iter().map(line).collect::<String>())
}

fn parse(text: &str) -> Result<Vec<Line>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let body = text.strip_suffix('\n').ok_or("its last line has no end")?;
    let mut lines = body.split('\n');
    if lines.next() != Some("0") {
        return Err("not version 0".to_owned());
    }
    let count = lines.next().unwrap_or_default();
    let mut read: Vec<Line> = Vec::new();
    for (index, text) in lines.enumerate() {
        let line = line(text, index + 3).ok_or_else(|| format!("the line {text:?}"))?;
        if read.iter().any(|known| known.partition == line.partition) {
            return Err(format!("two lines of {}", line.partition));
        }
        read.push(line);
    }
    if count != read.len().to_string() {
        return Err(format!("{} lines, and a count of {count:?}", read.len()));
    }
    Ok(read)
}

fn line(text: &str, number: usize) -> Option<Line> {
    let mut words = text.split(' ');
    let (topic, partition, offset) = (words.next()?, words.next()?, words.next()?);
    let (id, at): (i32, i64) = (partition.parse().ok()?, offset.parse().ok()?);
    let canonical = id.to_string() == partition && at.to_string() == offset && id >= 0 && at >= 0;
    let partition = TopicPartition { topic: topic.to_owned(), partition: PartitionId(id) };
    (words.next().is_none() && canonical).then(|| Line { partition, offset: Offset::new(at), number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_read_to_the_letter() {
        let lines = parse("0\n2\na-b 0 7\nc 12 0\n").unwrap();
        assert_eq!((lines[0].offset, lines[1].partition.partition), (Offset::new(7), PartitionId(12)));
        assert_eq!(parse("").unwrap(), []);
        assert_eq!(parse("0\n0\n").unwrap(), []);
        for bad in [
            "0\n1\na 0 7",
            "1\n0\n",
            "0\n2\na 0 7\n",
            "0\n1\na 0 07\n",
            "0\n1\na 0 7 \n",
            "0\n1\na 0 -7\n",
            "0\n2\na 0 7\na 0 8\n",
            "0\n01\na 0 7\n",
            "0",
            "\n",
        ] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
