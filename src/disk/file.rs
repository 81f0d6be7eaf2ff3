//! `File`: reads and writes at a position, with the path in every error.

use super::failpoint;
use super::{Error, Result};
use std::fs;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Read,
    /// Reads and writes; makes the file if it isn't there.
    Create,
    /// Reads and writes; makes the file, which must not be there.
    New,
}

/// An open file. Positions are bytes from its beginning; no cursor is used.
#[derive(Debug)]
pub(crate) struct File {
    pub(super) file: fs::File,
    path: PathBuf,
}

impl File {
    pub(crate) fn open(path: &Path, mode: Mode) -> Result<File> {
        let mut options = fs::OpenOptions::new();
        options.read(true).mode(0o644);
        match mode {
            Mode::Read => {}
            Mode::Create => {
                options.write(true).create(true).truncate(false);
            }
            Mode::New => {
                failpoint::step("make", path)?;
                options.write(true).create_new(true);
            }
        }
        let file = options.open(path).map_err(|e| Error::new("open", path, e))?;
        Ok(File { file, path: path.to_owned() })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn len(&self) -> Result<u64> {
        self.file.metadata().map(|m| m.len()).map_err(|e| Error::new("stat", &self.path, e))
    }

    /// The number that tells this file from every other one on its file system, and its length.
    pub(crate) fn identity(&self) -> Result<(u64, u64)> {
        let metadata = self.file.metadata().map_err(|e| Error::new("stat", &self.path, e))?;
        Ok((metadata.ino(), metadata.len()))
    }

    /// Whether the path still leads to this file.
    pub(crate) fn is_at_its_path(&self) -> Result<bool> {
        let mine = self.file.metadata().map_err(|e| Error::new("stat", &self.path, e))?;
        match fs::metadata(&self.path) {
            Ok(there) => Ok(there.ino() == mine.ino() && there.dev() == mine.dev()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(e) => Err(Error::new("stat", &self.path, e)),
        }
    }

    /// Fills as much of `buffer` as the file has from `position` on; returns how many bytes that was.
    pub(crate) fn read_at(&self, buffer: &mut [u8], position: u64) -> Result<usize> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.file.read_at(rest, position.saturating_add(filled as u64)) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(Error::new("read", &self.path, e)),
            }
        }
        Ok(filled)
    }

    /// The whole file; for small ones.
    pub(crate) fn read_all(&self) -> Result<Vec<u8>> {
        let length = self.len()?;
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        let count = self.read_at(&mut bytes, 0)?;
        bytes.truncate(count);
        Ok(bytes)
    }

    /// Writes all of `bytes` at `position`. After an error any prefix of them may have been written.
    pub(crate) fn write_at(&self, bytes: &[u8], position: u64) -> Result<()> {
        failpoint::write_step(self, bytes, position)?;
        self.file.write_all_at(bytes, position).map_err(|e| Error::new("write to", &self.path, e))
    }

    /// As `write_at`, for bytes that lie in two places.
    pub(crate) fn write_parts_at(&self, front: &[u8], rest: &[u8], position: u64) -> Result<()> {
        if failpoint::is_armed() {
            return self.write_at(&[front, rest].concat(), position);
        }
        let written =
            self.write_both(front, rest, position).map_err(|e| Error::new("write to", &self.path, e))?;
        // Cut short by a signal, or by a disk that is full: then the next write says so.
        let behind = position.saturating_add(written as u64);
        match rest.get(written.saturating_sub(front.len())..).filter(|_| written >= front.len()) {
            Some([]) => Ok(()),
            Some(left) => self.write_at(left, behind),
            None => {
                let left = front.get(written..).unwrap_or_default();
                self.write_at(left, behind)?;
                self.write_at(rest, position.saturating_add(front.len() as u64))
            }
        }
    }

    /// Writes what one call takes of two parts; says how much that was.
    fn write_both(&self, front: &[u8], rest: &[u8], position: u64) -> io::Result<usize> {
        let part =
            |bytes: &[u8]| libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
        let parts = [part(front), part(rest)];
        let position = libc::off_t::try_from(position).map_err(io::Error::other)?;
        // SAFETY: the descriptor is open; both parts are readable for as long as they are borrowed, and only read.
        let written = unsafe { libc::pwritev(self.file.as_raw_fd(), parts.as_ptr(), 2, position) };
        match usize::try_from(written) {
            Ok(written) => Ok(written),
            Err(_) => match io::Error::last_os_error() {
                e if e.kind() == io::ErrorKind::Interrupted => Ok(0),
                e => Err(e),
            },
        }
    }

    /// Cuts the file, or extends it with zeros.
    pub(crate) fn set_len(&self, length: u64) -> Result<()> {
        failpoint::step("truncate", &self.path)?;
        self.file.set_len(length).map_err(|e| Error::new("truncate", &self.path, e))
    }

    /// Has the first `length` bytes be there, as zeros if they weren't, with their room on the disk: who maps them and stores
    /// into a hole is killed where there is none. What others store meanwhile stays.
    pub(crate) fn reserve(&self, length: u64) -> Result<()> {
        let failed = |e| Error::new("write to", &self.path, e);
        let metadata = self.file.metadata().map_err(failed)?;
        if metadata.len() >= length && metadata.blocks() > 0 {
            return Ok(());
        }
        #[cfg(target_os = "linux")]
        {
            let bytes = libc::off_t::try_from(length).unwrap_or(libc::off_t::MAX);
            // SAFETY: the descriptor is open, and the call touches no memory of this process.
            if unsafe { libc::fallocate(self.file.as_raw_fd(), 0, 0, bytes) } == 0 {
                return Ok(());
            }
            let error = io::Error::last_os_error();
            if error.raw_os_error() != Some(libc::EOPNOTSUPP) {
                return Err(failed(error));
            }
            // A file system that can't promise room.
            if metadata.len() < length { self.file.set_len(length).map_err(failed) } else { Ok(()) }
        }
        #[cfg(not(target_os = "linux"))]
        fs2::FileExt::allocate(&self.file, length).map_err(failed)
    }

    /// Returns when the file's bytes are on the disk (`fdatasync`). After an error the system may have dropped them:
    /// never call it again and believe the answer.
    pub(crate) fn sync_data(&self) -> Result<()> {
        failpoint::step("sync", &self.path)?;
        self.file.sync_data().map_err(|e| Error::new("sync", &self.path, e))
    }

    /// When the file was changed last.
    pub(crate) fn modified(&self) -> Result<SystemTime> {
        let modified = self.file.metadata().and_then(|metadata| metadata.modified());
        modified.map_err(|e| Error::new("stat", &self.path, e))
    }

    /// Has the file look as if it was changed last at `time`.
    pub(crate) fn set_modified(&self, time: SystemTime) -> Result<()> {
        self.file.set_modified(time).map_err(|e| Error::new("touch", &self.path, e))
    }
}
