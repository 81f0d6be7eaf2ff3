//! What `kt check` prints: a line a finding and a summary, or JSON.

use crate::local::check::{Checked, Finding, Repaired, Severity};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(super) struct View<'a> {
    sound: bool,
    directories: u64,
    partitions: u64,
    batches: u64,
    records: u64,
    bytes: u64,
    findings: Vec<Line<'a>>,
}

#[derive(Debug, Serialize)]
struct Line<'a> {
    severity: &'static str,
    file: String,
    position: Option<u64>,
    offset: Option<i64>,
    what: &'a str,
    meaning: &'static str,
    remedy: &'static str,
}

impl<'a> View<'a> {
    pub(super) fn of(checked: &'a Checked) -> View<'a> {
        let line = |finding: &'a Finding| Line {
            severity: finding.severity.name(),
            file: finding.file.display().to_string(),
            position: finding.position,
            offset: finding.offset.map(|offset| offset.get()),
            what: &finding.what,
            meaning: finding.meaning,
            remedy: finding.fix.advice(),
        };
        View {
            sound: checked.findings.is_empty(),
            directories: checked.directory_count,
            partitions: checked.partition_count,
            batches: checked.batch_count,
            records: checked.record_count,
            bytes: checked.bytes,
            findings: checked.findings.iter().map(line).collect(),
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct RepairView<'a> {
    found: View<'a>,
    left: View<'a>,
    kept_in: Vec<String>,
}

impl<'a> RepairView<'a> {
    pub(super) fn of(repaired: &'a Repaired) -> RepairView<'a> {
        RepairView {
            found: View::of(&repaired.found),
            left: View::of(&repaired.left),
            kept_in: repaired.aside.iter().map(|path| path.display().to_string()).collect(),
        }
    }
}

/// What a repair has found, and what is left of it.
pub(super) fn told(repaired: &Repaired) -> String {
    let Repaired { found, left, aside } = repaired;
    let mut text = lines(&found.findings);
    if found.findings.is_empty() {
        return summary(left);
    }
    if !left.findings.is_empty() {
        text += "what is left:\n";
        text += &lines(&left.findings);
    }
    for path in aside {
        text += &format!("what was replaced is kept in {}\n", path.display());
    }
    text + &summary(left)
}

/// A line a finding.
pub(super) fn lines(findings: &[Finding]) -> String {
    findings.iter().map(line).collect()
}

fn line(finding: &Finding) -> String {
    let Finding { severity, file, position, offset, what, meaning, fix } = finding;
    let place = match (position, offset) {
        (Some(position), Some(offset)) => format!(" position {position} (offset {offset}):"),
        (Some(position), None) => format!(" position {position}:"),
        (None, Some(offset)) => format!(" offset {offset}:"),
        (None, None) => String::new(),
    };
    format!("{}: {}:{place} {what}; {meaning}; {}\n", severity.name(), file.display(), fix.advice())
}

pub(super) fn summary(checked: &Checked) -> String {
    let count = |number: u64, one: &str| format!("{number} {one}{}", if number == 1 { "" } else { "s" });
    let batches = if checked.batch_count == 1 {
        "1 batch".to_owned()
    } else {
        format!("{} batches", checked.batch_count)
    };
    let directories = match checked.directory_count {
        1 => "1 directory".to_owned(),
        number => format!("{number} directories"),
    };
    let looked = format!(
        "{directories}, {}, {batches}, {}, {}",
        count(checked.partition_count, "partition"),
        count(checked.record_count, "record"),
        count(checked.bytes, "byte"),
    );
    let of = |severity| checked.findings.iter().filter(|finding| finding.severity == severity).count() as u64;
    match (of(Severity::Error), of(Severity::Warning)) {
        (0, 0) => format!("sound: {looked}\n"),
        (errors, warnings) => {
            format!("{} and {}: {looked}\n", count(errors, "error"), count(warnings, "warning"))
        }
    }
}
