//! What was found to disagree, told on standard error when all files are done.

use crate::types::Offset;

/// Findings, grouped by file; those of a file are told in order, or with the latest first.
#[derive(Default)]
pub(super) struct Reports {
    index_mismatches: Vec<Group>,
    time_mismatches: Vec<Group>,
    out_of_order: Vec<Group>,
    not_found: Vec<Group>,
    gaps: Vec<Group>,
}

/// A file's absolute path and pairs of numbers.
struct Group {
    file: String,
    pairs: Vec<(i64, i64)>,
}

impl Reports {
    /// An `.index` entry leads to a batch that ends elsewhere.
    pub(super) fn index_mismatch(&mut self, file: &str, indexed: Offset, found: Offset) {
        add(&mut self.index_mismatches, file, (indexed.get(), found.get()));
    }

    /// A `.timeindex` entry has another timestamp than the records of its batch, in ms.
    pub(super) fn time_mismatch(&mut self, file: &str, indexed: i64, found: i64) {
        add(&mut self.time_mismatches, file, (indexed, found));
    }

    /// A `.timeindex` entry is not later than the one before, in ms.
    pub(super) fn out_of_order(&mut self, file: &str, indexed: i64, before: i64) {
        add(&mut self.out_of_order, file, (indexed, before));
    }

    /// No batch ends with the offset of a `.timeindex` entry; `found` is the next one's, -1 past the end.
    pub(super) fn not_found(&mut self, file: &str, indexed: Offset, found: i64) {
        add(&mut self.not_found, file, (indexed.get(), found));
    }

    /// A record is not followed by the next offset.
    pub(super) fn gap(&mut self, file: &str, offset: Offset, next: Offset) {
        add(&mut self.gaps, file, (offset.get(), next.get()));
    }

    /// The lines, in Kafka's order and words.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mismatches = |file: &str| format!("Mismatches in :{file}");
        tell(&mut lines, &self.index_mismatches, First::Latest, mismatches, |a, b| {
            format!("  Index offset: {a}, log offset: {b}")
        });
        let timestamps = |file: &str| format!("Found timestamp mismatch in :{file}");
        tell(&mut lines, &self.time_mismatches, First::Earliest, timestamps, |a, b| {
            format!("  Index timestamp: {a}, log timestamp: {b}")
        });
        let out_of_order = |file: &str| format!("Found out of order timestamp in :{file}");
        tell(&mut lines, &self.out_of_order, First::Earliest, out_of_order, |a, b| {
            format!("  Index timestamp: {a}, Previously indexed timestamp: {b}")
        });
        let not_found = |_: &str| "The following indexed offsets are not found in the log.".to_owned();
        tell(&mut lines, &self.not_found, First::Earliest, not_found, |a, b| {
            format!("Indexed offset: {a}, found log offset: {b}")
        });
        let gaps = |file: &str| format!("Non-consecutive offsets in {file}");
        tell(&mut lines, &self.gaps, First::Latest, gaps, |a, b| format!("  {a} is followed by {b}"));
        lines
    }
}

/// Which finding of a file is told first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum First {
    Earliest,
    Latest,
}

fn add(groups: &mut Vec<Group>, file: &str, pair: (i64, i64)) {
    match groups.iter_mut().find(|group| group.file == file) {
        Some(group) => group.pairs.push(pair),
        None => groups.push(Group { file: file.to_owned(), pairs: vec![pair] }),
    }
}

fn tell(
    lines: &mut Vec<String>,
    groups: &[Group],
    first: First,
    heading: impl Fn(&str) -> String,
    line: impl Fn(i64, i64) -> String,
) {
    for group in groups {
        lines.push(heading(&group.file));
        let told = group.pairs.iter().map(|&(a, b)| line(a, b));
        match first {
            First::Earliest => lines.extend(told),
            First::Latest => lines.extend(told.rev()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_come_by_kind_then_file_then_in_kafkas_order() {
        let mut reports = Reports::default();
        reports.gap("/a.log", Offset::new(1), Offset::new(3));
        reports.gap("/b.log", Offset::new(7), Offset::new(9));
        reports.gap("/a.log", Offset::new(5), Offset::new(8));
        reports.index_mismatch("/a.index", Offset::new(13), Offset::new(15));
        reports.time_mismatch("/a.timeindex", 100, 101);
        reports.time_mismatch("/a.timeindex", 200, 201);
        assert_eq!(
            reports.lines(),
            [
                "Mismatches in :/a.index",
                "  Index offset: 13, log offset: 15",
                "Found timestamp mismatch in :/a.timeindex",
                "  Index timestamp: 100, log timestamp: 101",
                "  Index timestamp: 200, log timestamp: 201",
                "Non-consecutive offsets in /a.log",
                "  5 is followed by 8",
                "  1 is followed by 3",
                "Non-consecutive offsets in /b.log",
                "  7 is followed by 9",
            ]
        );
    }
}
