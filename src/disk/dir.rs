//! Directories, and whole files that are replaced at once.

use super::failpoint;
use super::{Error, Result};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

/// A name in a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) is_dir: bool,
}

/// Makes a directory and its parents, for the owner alone (mode 0700); no error if it is there.
pub(crate) fn create_dirs(path: &Path) -> Result<()> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|e| Error::new("create the directory", path, e))
}

/// The entries of a directory in no order; names that are not UTF-8 are passed over, for none of ours are.
pub(crate) fn list(path: &Path) -> Result<Vec<Entry>> {
    let fail = |e| Error::new("list the directory", path, e);
    let mut entries = Vec::new();
    for entry in fs::read_dir(path).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let kind = entry.file_type().map_err(fail)?;
        let is_dir = kind.is_dir() || kind.is_symlink() && entry.path().is_dir();
        entries.push(Entry { name, is_dir });
    }
    Ok(entries)
}

/// The one name of a file or directory that has neither symlinks nor `..` in it.
pub(crate) fn canonical(path: &Path) -> Result<PathBuf> {
    fs::canonicalize(path).map_err(|e| Error::new("find", path, e))
}

/// The path from the root on, symlinks kept.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|e| Error::new("find", path, e))
}

/// A small text file, or `None` if it isn't there. Bytes that are not UTF-8 are replaced.
pub(crate) fn read_text(path: &Path) -> Result<Option<String>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::new("read", path, e)),
    }
}

/// How long ago a file was changed; `None` if it isn't there or the clock was set back.
pub(crate) fn age(path: &Path) -> Option<Duration> {
    fs::metadata(path).ok()?.modified().ok()?.elapsed().ok()
}

/// What tells that something else is at a path than before, or that it was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    inode: u64,
    pub(crate) modified: SystemTime,
}

/// Looks at what is at a path; `None` if there is nothing.
pub(crate) fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(path).ok()?;
    Some(Stamp { inode: metadata.ino(), modified: metadata.modified().ok()? })
}

/// Sets the time of a file's last change to now; nothing happens where there is no file.
pub(crate) fn touch(path: &Path) -> Result<()> {
    let touched =
        fs::File::options().write(true).open(path).and_then(|file| file.set_modified(SystemTime::now()));
    match touched {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::new("touch", path, e)),
        _ => Ok(()),
    }
}

/// Whether a replaced file must survive a power cut at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// The file and its directory are synced.
    Synced,
    /// Readers see the old or the new content; a power cut may bring back the old one.
    Atomic,
}

static NEXT_TEMPORARY: AtomicU32 = AtomicU32::new(0);

/// Replaces a whole file: readers see its old content or the new one, never a part. Synced before it returns.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<()> {
    replace_with(path, content, Durability::Synced)
}

/// As [`replace`], with the durability chosen.
pub(crate) fn replace_with(path: &Path, content: &[u8], durability: Durability) -> Result<()> {
    let number = NEXT_TEMPORARY.fetch_add(1, Ordering::Relaxed);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}-{number}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let write = || {
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o644).open(&temporary)?;
        file.write_all(content)?;
        if durability == Durability::Synced { file.sync_data() } else { Ok(()) }
    };
    failpoint::step("write", path)?;
    let written = write();
    failpoint::step("rename", &temporary)?;
    let outcome = written.and_then(|()| fs::rename(&temporary, path));
    if let Err(e) = outcome {
        // The error below says what failed; a temporary file that can't be removed either adds nothing to it.
        let _ = fs::remove_file(&temporary);
        return Err(Error::new("write", path, e));
    }
    match (durability, path.parent()) {
        (Durability::Synced, Some(parent)) => sync_path(parent),
        _ => Ok(()),
    }
}

/// Returns when a directory's names, or a file's content, are on the disk.
pub(crate) fn sync_path(path: &Path) -> Result<()> {
    failpoint::step("sync", path)?;
    let synced = fs::File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|e| Error::new("sync", path, e))
}

/// Gives a file a second name, durably, for when the first is given to another file; a copy where the two lie on different
/// file systems.
pub(crate) fn keep(from: &Path, to: &Path) -> Result<()> {
    if fs::hard_link(from, to).is_err() {
        fs::copy(from, to).map_err(|e| Error::new("copy", from, e))?;
        sync_path(to)?;
    }
    to.parent().map_or(Ok(()), sync_path)
}

/// Gives a file or directory another name; what had that name goes. Two names of one file stay as they are.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<()> {
    failpoint::step("rename", from)?;
    fs::rename(from, to).map_err(|e| Error::new("rename", from, e))
}

/// Gives a file a second name, which nothing may have.
pub(crate) fn link(from: &Path, to: &Path) -> Result<()> {
    failpoint::step("link", from)?;
    fs::hard_link(from, to).map_err(|e| Error::new("link", from, e))
}

/// Removes a file; no error if it isn't there.
pub(crate) fn remove_file(path: &Path) -> Result<()> {
    failpoint::step("remove", path)?;
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::new("remove", path, e)),
        _ => Ok(()),
    }
}

/// Removes a directory with all that is in it; no error if it isn't there.
pub(crate) fn remove_tree(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::new("remove", path, e)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_file_leaves_no_temporary_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state");
        replace(&path, b"one").unwrap();
        replace_with(&path, b"two", Durability::Atomic).unwrap();
        assert_eq!(read_text(&path).unwrap().as_deref(), Some("two"));
        assert_eq!(list(dir.path()).unwrap().len(), 1);
    }

    #[test]
    fn what_is_not_there_is_no_error_to_remove_and_none_to_read() {
        let dir = tempfile::tempdir().unwrap();
        remove_file(&dir.path().join("x")).unwrap();
        remove_tree(&dir.path().join("x")).unwrap();
        assert_eq!(read_text(&dir.path().join("x")).unwrap(), None);
        assert!(list(&dir.path().join("x")).unwrap_err().is_not_found());
    }
}
