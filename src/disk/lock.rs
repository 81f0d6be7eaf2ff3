//! Locks between processes, given back by the system when their holder dies.

use super::{Error, File, Mode, Result};
use crate::signal::{Unstopped, Waiting};
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;

/// An exclusive lock (`flock`) on a file, held until dropped. No terminal stops this process while it has one, unless it is
/// held [`FileLock::for_life`].
#[derive(Debug)]
pub(crate) struct FileLock {
    /// Closed before the process may be stopped.
    file: File,
    unstopped: Option<Unstopped>,
}

impl FileLock {
    /// Waits for the lock on `path`, which is made if it isn't there. If the file was replaced while this process
    /// waited, it starts over with the new one, so that two holders never have different files of one name.
    pub(crate) fn acquire(path: &Path) -> Result<FileLock> {
        loop {
            let lock = FileLock::take(File::open(path, Mode::Create)?)?;
            if lock.file.is_at_its_path()? {
                return Ok(lock);
            }
        }
    }

    /// Waits for the lock on an open file.
    pub(crate) fn take(file: File) -> Result<FileLock> {
        let unstopped = Some(Unstopped::begin());
        match fs2::FileExt::try_lock_exclusive(&file.file) {
            Ok(()) => {}
            Err(e) if e.kind() == fs2::lock_contended_error().kind() => wait_for(&file)?,
            Err(e) => return Err(Error::new("lock", file.path(), e)),
        }
        Ok(FileLock { file, unstopped })
    }

    /// The lock on an open file if nobody has it; else the file.
    pub(crate) fn take_at_once(file: File) -> Result<std::result::Result<FileLock, File>> {
        let unstopped = Some(Unstopped::begin());
        match fs2::FileExt::try_lock_exclusive(&file.file) {
            Ok(()) => Ok(Ok(FileLock { file, unstopped })),
            Err(e) if e.kind() == fs2::lock_contended_error().kind() => Ok(Err(file)),
            Err(e) => Err(Error::new("lock", file.path(), e)),
        }
    }

    /// A lock that tells that its holder lives: it keeps it while it is stopped.
    pub(crate) fn for_life(self) -> FileLock {
        FileLock { unstopped: None, ..self }
    }

    /// Takes the lock on `path` if nobody has it. Its holder keeps it while it is stopped.
    pub(crate) fn try_acquire(path: &Path) -> Result<Option<FileLock>> {
        loop {
            let file = File::open(path, Mode::Create)?;
            match fs2::FileExt::try_lock_exclusive(&file.file) {
                Ok(()) if file.is_at_its_path()? => return Ok(Some(FileLock { file, unstopped: None })),
                Ok(()) => {}
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == fs2::lock_contended_error().kind() => return Ok(None),
                Err(e) => return Err(Error::new("lock", path, e)),
            }
        }
    }

    /// The file that is locked.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Gives the lock back and keeps the file open; `None` where that fails, which takes closing it.
    pub(crate) fn release(self) -> Option<File> {
        let FileLock { file, unstopped } = self;
        let kept = fs2::FileExt::unlock(&file.file).is_ok().then_some(file);
        drop(unstopped);
        kept
    }
}

fn wait_for(file: &File) -> Result<()> {
    let _waiting = Waiting::begin();
    loop {
        match fs2::FileExt::lock_exclusive(&file.file) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            other => return other.map_err(|e| Error::new("lock", file.path(), e)),
        }
    }
}

/// A shared lock (`flock`) on a file, which tells that its holder lives.
#[derive(Debug)]
pub(crate) struct SharedLock {
    file: File,
}

impl SharedLock {
    /// Opens the file, which is made if it isn't there, without a lock on it.
    pub(crate) fn open(path: &Path) -> Result<SharedLock> {
        Ok(SharedLock { file: File::open(path, Mode::Create)? })
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    pub(crate) fn acquire(&mut self) -> Result<()> {
        fs2::FileExt::lock_shared(&self.file.file).map_err(|e| Error::new("lock", self.file.path(), e))
    }

    /// Whether nobody else holds the lock. This holder's own is given up by asking.
    pub(crate) fn is_only_one(&mut self) -> Result<bool> {
        let of_file = |e| Error::new("lock", self.file.path(), e);
        match fs2::FileExt::try_lock_exclusive(&self.file.file) {
            Ok(()) => fs2::FileExt::unlock(&self.file.file).map(|()| true).map_err(of_file),
            Err(e) if e.kind() == fs2::lock_contended_error().kind() => Ok(false),
            Err(e) => Err(of_file(e)),
        }
    }
}

/// Whether somebody, another handle of this process included, holds the exclusive lock on `path`. Asking takes a shared
/// lock for a moment: those who ask at the same time don't take one another for the holder.
pub(crate) fn is_locked(path: &Path) -> Result<bool> {
    Ok(open_locked(path)?.is_some())
}

/// The word (see [`super::SharedWord`]) in the file at `path`, if somebody holds the exclusive lock on it; 0 if none was
/// set.
pub(crate) fn held_word(path: &Path) -> Result<Option<u64>> {
    let Some(file) = open_locked(path)? else { return Ok(None) };
    let mut bytes = [0; 8];
    file.read_at(&mut bytes, 0)?;
    Ok(Some(u64::from_ne_bytes(bytes)))
}

/// The file at `path`, if somebody holds the exclusive lock on it.
fn open_locked(path: &Path) -> Result<Option<File>> {
    let file = match File::open(path, Mode::Read) {
        Ok(file) => file,
        Err(e) if e.is_not_found() => return Ok(None),
        Err(e) => return Err(e),
    };
    match fs2::FileExt::try_lock_shared(&file.file) {
        Ok(()) => Ok(None),
        Err(e) if e.kind() == fs2::lock_contended_error().kind() => Ok(Some(file)),
        Err(e) => Err(Error::new("lock", path, e)),
    }
}

/// Waits until nobody holds the exclusive lock on `path` any more; the file may be removed meanwhile.
pub(crate) fn wait_unlocked(path: &Path) -> Result<()> {
    let file = match File::open(path, Mode::Read) {
        Ok(file) => file,
        Err(e) if e.is_not_found() => return Ok(()),
        Err(e) => return Err(e),
    };
    loop {
        match fs2::FileExt::lock_shared(&file.file) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            other => return other.map_err(|e| Error::new("lock", path, e)),
        }
    }
}

/// A shared POSIX record lock on a whole file: compatible with other kt processes, not with a running broker, which
/// holds an exclusive one on its `.lock`. It belongs to the process: closing any handle on the file gives it up, so
/// the handle is kept for as long as the lock is wanted and nothing else opens the file.
#[derive(Debug)]
pub(crate) struct SharedRangeLock {
    _file: File,
}

impl SharedRangeLock {
    /// `None` if a broker holds the file.
    pub(crate) fn try_acquire(path: &Path) -> Result<Option<SharedRangeLock>> {
        let held = lock_range(path, libc::F_RDLCK as libc::c_short)?;
        Ok(held.map(|file| SharedRangeLock { _file: file }))
    }
}

/// The exclusive lock that a running broker has: beside it there is neither a broker nor a kt that writes. The same goes for
/// its handle.
#[derive(Debug)]
pub(crate) struct ExclusiveRangeLock {
    _file: File,
}

impl ExclusiveRangeLock {
    /// `None` if anybody else holds the file.
    pub(crate) fn try_acquire(path: &Path) -> Result<Option<ExclusiveRangeLock>> {
        let held = lock_range(path, libc::F_WRLCK as libc::c_short)?;
        Ok(held.map(|file| ExclusiveRangeLock { _file: file }))
    }
}

fn lock_range(path: &Path, kind: libc::c_short) -> Result<Option<File>> {
    let file = File::open(path, Mode::Create)?;
    // SAFETY: plain data; zero is a valid value for every field.
    let mut range: libc::flock = unsafe { std::mem::zeroed() };
    range.l_type = kind;
    range.l_whence = libc::SEEK_SET as libc::c_short;
    // SAFETY: the descriptor is open, and the structure outlives the call.
    let answer = unsafe { libc::fcntl(file.file.as_raw_fd(), libc::F_SETLK, &range) };
    if answer == 0 {
        return Ok(Some(file));
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::EACCES | libc::EAGAIN) => Ok(None),
        _ => Err(Error::new("lock", path, error)),
    }
}

/// Whether any process has a record lock on a file: a running broker on its `.lock`, or a kt that writes. Asking takes
/// none. A file that isn't there, or can't be read, has none.
pub(crate) fn is_range_locked(path: &Path) -> bool {
    would_conflict(path, libc::F_WRLCK as libc::c_short)
}

/// Whether another process has an exclusive one: a running broker.
pub(crate) fn is_range_locked_exclusively(path: &Path) -> bool {
    would_conflict(path, libc::F_RDLCK as libc::c_short)
}

/// The id of a process that has a record lock on a file; of several, one.
pub(crate) fn range_lock_holder(path: &Path) -> Option<i32> {
    conflict(path, libc::F_WRLCK as libc::c_short)
}

fn would_conflict(path: &Path, kind: libc::c_short) -> bool {
    conflict(path, kind).is_some()
}

fn conflict(path: &Path, kind: libc::c_short) -> Option<i32> {
    let file = File::open(path, Mode::Read).ok()?;
    // SAFETY: plain data; zero is a valid value for every field.
    let mut range: libc::flock = unsafe { std::mem::zeroed() };
    range.l_type = kind;
    range.l_whence = libc::SEEK_SET as libc::c_short;
    // SAFETY: the descriptor is open, and the structure outlives the call, which fills it.
    let answer = unsafe { libc::fcntl(file.file.as_raw_fd(), libc::F_GETLK, &mut range) };
    let is_held = answer == 0 && i32::from(range.l_type) != i32::from(libc::F_UNLCK as libc::c_short);
    is_held.then_some(range.l_pid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::SharedWord;

    #[test]
    fn asking_for_a_lock_tells_a_holder_from_others_who_ask() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("member");
        assert!(!is_locked(&path).unwrap());
        let held = FileLock::acquire(&path).unwrap();
        assert!(is_locked(&path).unwrap() && is_locked(&path).unwrap());
        assert_eq!(held_word(&path).unwrap(), Some(0));
        SharedWord::open(&path).unwrap().set(7);
        assert_eq!(held_word(&path).unwrap(), Some(7));
        drop(held);
        let asking = File::open(&path, Mode::Read).unwrap();
        fs2::FileExt::lock_shared(&asking.file).unwrap();
        assert!(!is_locked(&path).unwrap());
        assert_eq!(held_word(&path).unwrap(), None);
    }

    #[test]
    fn the_end_of_a_holder_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("member");
        wait_unlocked(&path).unwrap();
        let held = FileLock::acquire(&path).unwrap();
        let waiting = {
            let path = path.clone();
            std::thread::spawn(move || wait_unlocked(&path))
        };
        std::fs::remove_file(&path).unwrap();
        drop(held);
        waiting.join().unwrap().unwrap();
    }

    #[test]
    fn a_file_that_was_replaced_is_another_lock() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let held = FileLock::acquire(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(!is_locked(&path).unwrap());
        let other = FileLock::acquire(&path).unwrap();
        drop(held);
        assert!(is_locked(&path).unwrap());
        drop(other);
    }
}
