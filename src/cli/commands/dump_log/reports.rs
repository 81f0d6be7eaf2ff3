//! What was found to disagree, told on standard error when all files are done.

use crate::types::Offset;

/// Findings, grouped by file; those of a file are told with the latest first.
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
        tell(
            &mut lines,
            &self.index_mismatches,
            |file| format!("Mismatches in :{file}"),
            |a, b| format!("  Index offset: {a}, log offset: {b}"),
        );
        tell(
            &mut lines,
            &self.time_mismatches,
            |file| format!("Found timestamp mismatch in :{file}"),
            |a, b| format!("  Index timestamp: {a}, log timestamp: {b}"),
        );
        tell(
            &mut lines,
            &self.out_of_order,
            |file| format!("Found out of order timestamp in :{file}"),
            |a, b| format!("  Index timestamp: {a}, Previously indexed timestamp: {b}"),
        );
        let not_found = |_: &str| "The following indexed offsets are not found in the log.".to_owned();
        tell(&mut lines, &self.not_found, not_found, |a, b| {
            format!("Indexed offset: {a}, found log offset: {b}")
        });
        tell(
            &mut lines,
            &self.gaps,
            |file| format!("Non-consecutive offsets in {file}"),
            |a, b| format!("  {a} is followed by {b}"),
        );
        lines
    }
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
    heading: impl Fn(&str) -> String,
    line: impl Fn(i64, i64) -> String,
) {
    for group in groups {
        lines.push(heading(&group.file));
        lines.extend(group.pairs.iter().rev().map(|&(a, b)| line(a, b)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_come_by_kind_then_file_then_latest_first() {
        let mut reports = Reports::default();
        reports.gap("/a.log", Offset::new(1), Offset::new(3));
        reports.gap("/b.log", Offset::new(7), Offset::new(9));
        reports.gap("/a.log", Offset::new(5), Offset::new(8));
        reports.index_mismatch("/a.index", Offset::new(13), Offset::new(15));
        assert_eq!(
            reports.lines(),
            [
                "Mismatches in :/a.index",
                "  Index offset: 13, log offset: 15",
                "Non-consecutive offsets in /a.log",
                "  5 is followed by 8",
                "  1 is followed by 3",
                "Non-consecutive offsets in /b.log",
                "  7 is followed by 9",
            ]
        );
    }
}
