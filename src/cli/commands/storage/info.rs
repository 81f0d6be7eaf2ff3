//! `info`: what is in the log directories, and what is wrong with them.

use super::node::Node;
use crate::cli::config::Properties;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

/// The file that says whose a directory is.
const META: &str = "meta.properties";

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let node = Node::load(parsed)?;
    let report = Report::of(&node.directories);
    context.stdout.write_all(report.text().as_bytes())?;
    Ok(if report.problems.is_empty() { Status::SUCCESS } else { Status::FAILURE })
}

/// A directory's `meta.properties`, by key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Meta {
    entries: Vec<(String, String)>,
}

impl Meta {
    /// Reads a directory's file; `None` where there is none.
    pub(super) fn read(directory: &str) -> io::Result<Option<Meta>> {
        match Properties::load(OsStr::new(&Path::new(directory).join(META))) {
            Ok(properties) => Ok(Some(Meta::of(&properties))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn of(properties: &Properties) -> Meta {
        const KEYS: [&str; 4] = ["cluster.id", "directory.id", "node.id", "version"];
        let value = |key: &str| properties.text(key).map(|text| text.trim().to_owned());
        let mut entries: Vec<(String, String)> =
            KEYS.iter().filter_map(|key| Some(((*key).to_owned(), value(key)?))).collect();
        if value("version").is_none() {
            // The first form had none.
            entries.push(("version".to_owned(), "0".to_owned()));
        }
        Meta { entries }
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.entries.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    fn text(&self) -> String {
        let entries: Vec<String> = self.entries.iter().map(|(key, value)| format!("{key}={value}")).collect();
        format!("{{{}}}", entries.join(", "))
    }
}

/// What was found.
#[derive(Debug, Default)]
struct Report {
    directories: Vec<String>,
    meta: Option<Meta>,
    problems: Vec<String>,
}

impl Report {
    fn of(directories: &[String]) -> Report {
        let mut report = Report::default();
        for directory in directories {
            let path = Path::new(directory);
            if !path.is_dir() {
                let how = if path.exists() { "is not a directory" } else { "does not exist" };
                report.problems.push(format!("{directory} {how}"));
                continue;
            }
            report.directories.push(directory.clone());
            match Meta::read(directory) {
                Err(error) => report.problems.push(format!("Error reading {directory}/{META}: {error}")),
                Ok(None) => report.problems.push(format!("{directory} is not formatted.")),
                Ok(Some(meta)) => report.take(meta),
            }
        }
        if report.meta.as_ref().is_some_and(|meta| meta.get("version") == Some("0")) {
            report.problems.push(
                "The kafka configuration file appears to be for a cluster in KRaft mode, but the directories are \
                 formatted for legacy mode."
                    .to_owned(),
            );
        }
        report
    }

    /// The first directory speaks for all, which must agree with it.
    fn take(&mut self, meta: Meta) {
        let Some(first) = &self.meta else {
            self.meta = Some(meta);
            return;
        };
        for (key, what) in [("cluster.id", "cluster IDs"), ("node.id", "node IDs")] {
            let problem = format!("Mismatched {what} between storage directories.");
            if first.get(key) != meta.get(key) && !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        let list = |one: &str, several: &str, lines: &[String], text: &mut String| {
            let title = match lines.len() {
                0 => return,
                1 => one,
                _ => several,
            };
            let _ = writeln!(text, "{title}:");
            lines.iter().for_each(|line| text.push_str(&format!("  {line}\n")));
            text.push('\n');
        };
        list("Found log directory", "Found log directories", &self.directories, &mut text);
        if let Some(meta) = &self.meta {
            let _ = write!(text, "Found metadata: {}\n\n", meta.text());
        }
        list("Found problem", "Found problems", &self.problems, &mut text);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As recorded of Kafka's program.
    #[test]
    fn what_is_found_is_listed_and_what_is_wrong_told() {
        let meta = Meta::of(&Properties::parse(b"#\nnode.id=1\ndirectory.id=D\nversion=1\ncluster.id=C\n"));
        let mut report = Report { directories: vec!["/a".into(), "/b".into()], ..Report::default() };
        report.take(meta);
        report.take(Meta::of(&Properties::parse(b"version=1\ncluster.id=C\nnode.id=7\n")));
        assert_eq!(
            report.text(),
            "Found log directories:\n  /a\n  /b\n\n\
             Found metadata: {cluster.id=C, directory.id=D, node.id=1, version=1}\n\n\
             Found problem:\n  Mismatched node IDs between storage directories.\n\n"
        );
        let report = Report::of(&["/nowhere/at/all".to_owned()]);
        assert_eq!(report.text(), "Found problem:\n  /nowhere/at/all does not exist\n\n");
        assert_eq!(Meta::of(&Properties::parse(b"y")).text(), "{version=0}");
    }
}
