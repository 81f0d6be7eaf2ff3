//! A file as it was named: its path as Java shows it, its name's parts, its neighbours.

use super::exceptions;
use crate::cli::error::Failure;
use crate::types::Offset;
use std::env;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A file named on the command line.
#[derive(Clone, Debug)]
pub(super) struct Named {
    path: PathBuf,
    shown: String,
}

impl Named {
    /// The files of `--files`, between commas; empty names at the end don't count, unless there is no comma.
    pub(super) fn split(list: &OsStr) -> Vec<Named> {
        let mut names: Vec<&[u8]> = list.as_bytes().split(|&byte| byte == b',').collect();
        while list.as_bytes().contains(&b',') && names.last().is_some_and(|name| name.is_empty()) {
            names.pop();
        }
        names.into_iter().map(Named::new).collect()
    }

    /// Slashes that mean nothing are left out, as Java does; nothing else is.
    fn new(name: &[u8]) -> Named {
        let mut bytes = name.to_vec();
        bytes.dedup_by(|a, b| *a == b'/' && *b == b'/');
        if bytes.len() > 1 && bytes.last() == Some(&b'/') {
            bytes.pop();
        }
        let path = PathBuf::from(OsStr::from_bytes(&bytes));
        let shown = path.to_string_lossy().into_owned();
        Named { path, shown }
    }

    /// The path as given.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The path from the root; `.` and `..` stay in it.
    pub(super) fn absolute(&self) -> String {
        match env::current_dir() {
            Ok(directory) if !self.shown.starts_with('/') => {
                format!("{}/{}", directory.to_string_lossy().trim_end_matches('/'), self.shown)
            }
            _ => self.shown.clone(),
        }
    }

    /// What stands behind the last slash.
    pub(super) fn name(&self) -> &str {
        self.shown.rsplit('/').next().unwrap_or_default()
    }

    /// What stands behind the name's last dot; `None` without a dot.
    pub(super) fn suffix(&self) -> Option<&str> {
        self.name().rsplit_once('.').map(|(_, suffix)| suffix)
    }

    /// What stands before the name's first dot.
    fn stem(&self) -> &str {
        self.name().split('.').next().unwrap_or_default()
    }

    /// The base offset, which the name begins with.
    pub(super) fn base_offset(&self) -> Result<Offset, Failure> {
        let stem = self.stem();
        let plain = stem.strip_prefix('+').unwrap_or(stem);
        plain.parse().map(Offset::new).map_err(|_| {
            let message = format!("For input string: \"{stem}\"");
            exceptions::uncaught("java.lang.NumberFormatException", &message)
        })
    }

    /// End offset and epoch from the name of a snapshot, `00000000000000000042-0000000003.checkpoint`.
    pub(super) fn snapshot(&self) -> Option<(i64, i32)> {
        let (offset, epoch) = self.name().strip_suffix(".checkpoint")?.split_once('-')?;
        let digits = |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
        let sound = digits(offset, 20) && digits(epoch, 10);
        sound.then_some((offset.parse().ok()?, epoch.parse().ok()?))
    }

    /// The file of the same segment with another suffix, by its path from the root.
    pub(super) fn sibling(&self, suffix: &str) -> Named {
        let absolute = self.absolute();
        let directory = absolute.strip_suffix(self.name()).unwrap_or_default();
        Named::new(format!("{directory}{}.{suffix}", self.stem()).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_as_java_shows_them() {
        let shown = |list: &str| -> Vec<String> {
            Named::split(OsStr::new(list)).iter().map(|file| file.shown().to_owned()).collect()
        };
        assert_eq!(shown("a//b/./c.log/,/x,,"), ["a/b/./c.log", "/x"]);
        assert_eq!(shown(",a"), ["", "a"]);
        assert_eq!(shown(""), [""]);
        assert!(shown(",").is_empty());
    }

    #[test]
    fn names_have_parts() {
        let file = Named::new(b"/data/t-0/00000000000000000042.index.deleted");
        assert_eq!((file.suffix(), file.base_offset().unwrap()), (Some("deleted"), Offset::new(42)));
        assert_eq!(file.sibling("log").shown(), "/data/t-0/00000000000000000042.log");
        assert_eq!(Named::new(b"dir.d/plain").suffix(), None);
        assert!(Named::new(b"x.log").base_offset().is_err());
    }

    #[test]
    fn snapshots_are_named_by_offset_and_epoch() {
        let snapshot = |name: &str| Named::new(name.as_bytes()).snapshot();
        assert_eq!(snapshot("d/00000000000000000086-0000000001.checkpoint"), Some((86, 1)));
        assert_eq!(snapshot("86-1.checkpoint"), None);
    }
}
