//! `Finding`: one thing that is not as it should be, by file, position and offset.

use crate::types::Offset;
use std::path::{Path, PathBuf};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Severity {
    /// An aid is wrong that can be made anew; no record is in danger.
    Warning,
    /// Records, or what is known of them, can't be relied upon.
    Error,
}

impl Severity {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// What sets it right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Fix {
    /// The file is made anew from the log.
    Rebuild,
    /// A field that no checksum covers is set to what its neighbours say.
    Restore,
    /// The bytes are moved aside; their offsets stay without records.
    Aside,
    /// The file is moved aside.
    AsideWhole,
    /// Nothing in the directory says what was there.
    None,
}

impl Fix {
    /// What the user is told of it.
    pub(crate) const fn advice(self) -> &'static str {
        match self {
            Fix::Rebuild => "kt check --repair makes it anew",
            Fix::Restore => "kt check --repair restores it",
            Fix::Aside => "kt check --repair moves the bytes aside, and what else is there can be read again",
            Fix::AsideWhole => "kt check --repair moves it aside",
            Fix::None => "to be restored from a backup or another replica",
        }
    }
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) severity: Severity,
    pub(crate) file: PathBuf,
    /// The byte in the file, where it is about one.
    pub(crate) position: Option<u64>,
    pub(crate) offset: Option<Offset>,
    /// What is there and what should be.
    pub(crate) what: String,
    /// What follows from it.
    pub(crate) meaning: &'static str,
    pub(crate) fix: Fix,
}

/// A list that is being added to.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    all: Vec<Finding>,
}

impl Findings {
    pub(crate) fn into_all(self) -> Vec<Finding> {
        self.all
    }

    pub(crate) fn all(&self) -> &[Finding] {
        &self.all
    }

    pub(crate) fn add(&mut self, finding: Finding) {
        self.all.push(finding);
    }

    /// Something about a file as a whole.
    pub(crate) fn file(
        &mut self,
        severity: Severity,
        file: &Path,
        what: impl ToString,
        meaning: &'static str,
        fix: Fix,
    ) {
        let what = what.to_string();
        self.add(Finding {
            severity,
            file: file.to_owned(),
            position: None,
            offset: None,
            what,
            meaning,
            fix,
        });
    }

    /// Something at a byte of a file.
    pub(crate) fn at(
        &mut self,
        severity: Severity,
        file: &Path,
        position: u64,
        what: impl ToString,
        meaning: &'static str,
        fix: Fix,
    ) {
        let (file, what) = (file.to_owned(), what.to_string());
        self.add(Finding { severity, file, position: Some(position), offset: None, what, meaning, fix });
    }
}
