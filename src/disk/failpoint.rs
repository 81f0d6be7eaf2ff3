//! Where tests end a process: every operation that changes something on the disk asks here first. Outside of tests
//! nothing is asked.

#[cfg(not(test))]
use super::{File, Result};
#[cfg(not(test))]
use std::path::Path;

/// An operation is about to be done.
#[cfg(not(test))]
#[inline]
#[expect(clippy::unnecessary_wraps, reason = "tests have it fail")]
pub(super) fn step(_action: &'static str, _path: &Path) -> Result<()> {
    Ok(())
}

/// Bytes are about to be written.
#[cfg(not(test))]
#[inline]
#[expect(clippy::unnecessary_wraps, reason = "tests have it fail")]
pub(super) fn write_step(_file: &File, _bytes: &[u8], _position: u64) -> Result<()> {
    Ok(())
}

/// Whether operations may fail that otherwise wouldn't.
#[cfg(not(test))]
#[inline]
pub(super) fn is_armed() -> bool {
    false
}

#[cfg(test)]
pub(crate) use armed::{disarm, kill_after};
#[cfg(test)]
pub(super) use armed::{is_armed, step, write_step};

#[cfg(test)]
mod armed {
    use super::super::{Error, File, Result};
    use std::cell::Cell;
    use std::io;
    use std::os::unix::fs::FileExt;
    use std::path::Path;

    thread_local! {
        static LEFT: Cell<Option<u64>> = const { Cell::new(None) };
    }

    /// Has this thread do so many more operations and fail at every one after them, as if it were dead.
    pub(crate) fn kill_after(operations: u64) {
        LEFT.set(Some(operations));
    }

    /// Has this thread work again. Says whether it had been killed.
    pub(crate) fn disarm() -> bool {
        LEFT.take() == Some(0)
    }

    pub(crate) fn is_armed() -> bool {
        LEFT.get().is_some()
    }

    fn is_dead() -> bool {
        match LEFT.get() {
            None => false,
            Some(0) => true,
            Some(left) => {
                LEFT.set(Some(left - 1));
                false
            }
        }
    }

    fn killed(action: &'static str, path: &Path) -> Error {
        Error::new(action, path, io::Error::other("killed"))
    }

    pub(crate) fn step(action: &'static str, path: &Path) -> Result<()> {
        if is_dead() { Err(killed(action, path)) } else { Ok(()) }
    }

    /// A process that dies while it writes has written a part.
    pub(crate) fn write_step(file: &File, bytes: &[u8], position: u64) -> Result<()> {
        if LEFT.get() == Some(1) {
            let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
            let _ = file.file.write_all_at(half, position);
            LEFT.set(Some(0));
        }
        step("write to", file.path())
    }
}
