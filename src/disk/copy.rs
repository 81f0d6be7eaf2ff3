//! Copies of files that share their bytes with the original where the file system can do that, and trees of them.

use super::failpoint;
use super::{Error, Result};
use std::fs;
use std::io;
#[cfg(target_os = "linux")]
use std::os::fd::AsRawFd;
use std::path::Path;

/// What may be done with a file that is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// It will be written to.
    Living,
    /// Nobody will ever write to it: where bytes can't be shared, a second name will do.
    Final,
}

/// Copies files, each in the cheapest way that the file system has.
#[derive(Debug)]
pub(crate) struct Copier {
    /// Until it was refused.
    tries_to_share: bool,
    tries_to_link: bool,
}

impl Copier {
    pub(crate) fn new() -> Copier {
        Copier { tries_to_share: true, tries_to_link: true }
    }

    /// Gives `to`, which must not be there, the content of `from` and its time. Not durable yet: see [`sync_tree`].
    pub(crate) fn copy(&mut self, from: &Path, to: &Path, content: Content) -> Result<()> {
        failpoint::step("copy", from)?;
        let failed = |e| Error::new("copy", from, e);
        let source = fs::File::open(from).map_err(failed)?;
        if self.tries_to_share {
            let target = new_file(to)?;
            match share(&source, &target) {
                Ok(()) => return keep_time(&source, &target).map_err(failed),
                Err(_) => self.tries_to_share = false,
            }
            fs::remove_file(to).map_err(|e| Error::new("remove", to, e))?;
        }
        if self.tries_to_link && content == Content::Final {
            match fs::hard_link(from, to) {
                Ok(()) => return Ok(()),
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(failed(e)),
                Err(_) => self.tries_to_link = false,
            }
        }
        let target = new_file(to)?;
        copy_bytes(&source, &target).and_then(|()| keep_time(&source, &target)).map_err(failed)
    }
}

fn new_file(path: &Path) -> Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    let made = fs::OpenOptions::new().write(true).create_new(true).mode(0o644).open(path);
    made.map_err(|e| Error::new("make", path, e))
}

fn keep_time(from: &fs::File, to: &fs::File) -> io::Result<()> {
    to.set_modified(from.metadata()?.modified()?)
}

/// Has both files share their bytes until one is written to.
#[cfg(target_os = "linux")]
fn share(from: &fs::File, to: &fs::File) -> io::Result<()> {
    // SAFETY: both descriptors are open; the call takes the second one by value.
    match unsafe { libc::ioctl(to.as_raw_fd(), libc::FICLONE as _, from.as_raw_fd()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(not(target_os = "linux"))]
fn share(_from: &fs::File, _to: &fs::File) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Copies what is in a file; holes stay holes, for indexes are mostly that while they grow.
#[cfg(target_os = "linux")]
fn copy_bytes(from: &fs::File, to: &fs::File) -> io::Result<()> {
    let length = from.metadata()?.len();
    let mut position = 0;
    while position < length {
        let Some(data) = seek(from, position, libc::SEEK_DATA)? else { break };
        let end = seek(from, data, libc::SEEK_HOLE)?.unwrap_or(length).min(length);
        copy_range(from, to, data, end)?;
        position = end.max(position + 1);
    }
    to.set_len(length)
}

#[cfg(not(target_os = "linux"))]
fn copy_bytes(from: &fs::File, to: &fs::File) -> io::Result<()> {
    let (mut from, mut to) = (from, to);
    io::copy(&mut from, &mut to).map(|_| ())
}

/// The next data or hole; `None` behind the last data.
#[cfg(target_os = "linux")]
fn seek(file: &fs::File, position: u64, whence: libc::c_int) -> io::Result<Option<u64>> {
    let from = libc::off_t::try_from(position).map_err(io::Error::other)?;
    // SAFETY: the descriptor is open, and the call touches no memory of this process.
    let found = unsafe { libc::lseek(file.as_raw_fd(), from, whence) };
    match u64::try_from(found) {
        Ok(found) => Ok(Some(found)),
        Err(_) => match io::Error::last_os_error() {
            e if e.raw_os_error() == Some(libc::ENXIO) => Ok(None),
            // A file system that doesn't know of holes.
            e if e.raw_os_error() == Some(libc::EINVAL) => {
                Ok((whence == libc::SEEK_DATA).then_some(position))
            }
            e => Err(e),
        },
    }
}

#[cfg(target_os = "linux")]
fn copy_range(from: &fs::File, to: &fs::File, begin: u64, end: u64) -> io::Result<()> {
    use std::os::unix::fs::FileExt;
    let mut buffer = vec![0; usize::try_from(end - begin).unwrap_or(usize::MAX).min(1 << 20)];
    let mut position = begin;
    while position < end {
        let wanted = buffer.len().min(usize::try_from(end - position).unwrap_or(usize::MAX));
        let count = match from.read_at(buffer.get_mut(..wanted).unwrap_or_default(), position) {
            Ok(0) => break,
            Ok(count) => count,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        to.write_all_at(buffer.get(..count).unwrap_or_default(), position)?;
        position += count as u64;
    }
    Ok(())
}

/// Gives a file that has a second name content of its own, for whoever is about to write to it.
pub(crate) fn unshare(path: &Path) -> Result<()> {
    use std::os::unix::fs::MetadataExt;
    let links = match fs::metadata(path) {
        Ok(metadata) => metadata.nlink(),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(Error::new("stat", path, e)),
    };
    if links < 2 {
        return Ok(());
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".own.tmp");
    let own = path.with_file_name(name);
    super::remove_file(&own)?;
    Copier::new().copy(path, &own, Content::Living)?;
    super::sync_path(&own)?;
    super::rename(&own, path)?;
    path.parent().map_or(Ok(()), super::sync_path)
}

/// Returns when everything below a directory is on the disk.
pub(crate) fn sync_tree(path: &Path) -> Result<()> {
    failpoint::step("sync", path)?;
    #[cfg(target_os = "linux")]
    {
        let dir = fs::File::open(path).map_err(|e| Error::new("sync", path, e))?;
        // SAFETY: the descriptor is open, and the call touches no memory of this process.
        match unsafe { libc::syncfs(dir.as_raw_fd()) } {
            0 => Ok(()),
            _ => Err(Error::new("sync", path, io::Error::last_os_error())),
        }
    }
    #[cfg(not(target_os = "linux"))]
    {
        for entry in super::list(path)? {
            let inner = path.join(&entry.name);
            if entry.is_dir { sync_tree(&inner)? } else { super::sync_path(&inner)? }
        }
        super::sync_path(path)
    }
}

/// Has two directories or files change their names at one moment; `false` where the file system can't do that.
pub(crate) fn exchange(one: &Path, other: &Path) -> Result<bool> {
    failpoint::step("rename", one)?;
    #[cfg(target_os = "linux")]
    {
        use std::ffi::CString;
        use std::os::unix::ffi::OsStrExt;
        let name = |path: &Path| {
            let name = CString::new(path.as_os_str().as_bytes());
            name.map_err(|e| Error::new("rename", path, io::Error::other(e)))
        };
        let (from, to) = (name(one)?, name(other)?);
        let (here, flags) = (libc::AT_FDCWD, 2_u32);
        // SAFETY: both paths are C strings that outlive the call. The flag is RENAME_EXCHANGE.
        let answer =
            unsafe { libc::syscall(libc::SYS_renameat2, here, from.as_ptr(), here, to.as_ptr(), flags) };
        if answer == 0 {
            return Ok(true);
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EINVAL | libc::ENOSYS | libc::EOPNOTSUPP) => Ok(false),
            _ => Err(Error::new("rename", one, error)),
        }
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = other;
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{FileExt, MetadataExt};

    #[test]
    fn a_copy_has_the_bytes_and_the_time_and_is_written_to_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::write(path("a"), b"begin").unwrap();
        // A hole, and something behind it.
        let file = fs::File::options().write(true).open(path("a")).unwrap();
        file.write_all_at(b"end", 5_000_000).unwrap();
        file.set_len(9_000_000).unwrap();
        let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
        file.set_modified(time).unwrap();
        for (tries_to_share, tries_to_link) in [(true, true), (false, true), (false, false)] {
            let mut copier = Copier { tries_to_share, tries_to_link };
            copier.copy(&path("a"), &path("b"), Content::Final).unwrap();
            assert_eq!(fs::read(path("b")).unwrap(), fs::read(path("a")).unwrap());
            assert_eq!(fs::metadata(path("b")).unwrap().modified().unwrap(), time);
            unshare(&path("b")).unwrap();
            assert_eq!(fs::metadata(path("b")).unwrap().nlink(), 1);
            fs::File::options().write(true).open(path("b")).unwrap().write_all_at(b"other", 0).unwrap();
            assert!(fs::read(path("a")).unwrap().starts_with(b"begin"));
            fs::remove_file(path("b")).unwrap();
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert!(Copier::new().copy(&path("none"), &path("b"), Content::Final).is_err());
    }

    #[test]
    fn names_are_exchanged_where_that_can_be_done() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::write(path("a"), b"a").unwrap();
        fs::write(path("b"), b"b").unwrap();
        let done = exchange(&path("a"), &path("b")).unwrap();
        assert_eq!(fs::read(path("a")).unwrap(), if done { b"b" } else { b"a" });
        sync_tree(dir.path()).unwrap();
    }
}
