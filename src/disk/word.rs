//! `SharedWord`: a number that processes share, cheap enough to be looked at for every record.

use super::{Error, File, Mode, Result};
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

const BYTES: usize = size_of::<u64>();

/// Eight bytes of a file, mapped into memory. A file that was removed goes on being shared by those who have it open.
#[derive(Debug)]
pub(crate) struct SharedWord {
    word: *const AtomicU64,
}

// SAFETY: the mapping belongs to this value alone, and what it leads to is an atomic.
unsafe impl Send for SharedWord {}
// SAFETY: as above.
unsafe impl Sync for SharedWord {}

impl SharedWord {
    /// Opens the word in the file at `path`; 0 if the file is made by this.
    pub(crate) fn open(path: &Path) -> Result<SharedWord> {
        let file = File::open(path, Mode::Create)?;
        file.reserve(BYTES as u64)?;
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a fresh shared mapping of a file that is never shortened; nothing else refers to it.
        let address = unsafe {
            libc::mmap(ptr::null_mut(), BYTES, protection, libc::MAP_SHARED, file.file.as_raw_fd(), 0)
        };
        if address == libc::MAP_FAILED {
            return Err(Error::new("map", path, io::Error::last_os_error()));
        }
        Ok(SharedWord { word: address.cast::<AtomicU64>() })
    }

    fn word(&self) -> &AtomicU64 {
        // SAFETY: page-aligned, long enough, and mapped until this value is dropped.
        unsafe { &*self.word }
    }

    #[inline]
    pub(crate) fn get(&self) -> u64 {
        self.word().load(Ordering::SeqCst)
    }

    pub(crate) fn set(&self, value: u64) {
        self.word().store(value, Ordering::SeqCst);
    }
}

impl Drop for SharedWord {
    fn drop(&mut self) {
        // SAFETY: nothing can refer to the mapping any more. That it can't be taken back would leak a page.
        unsafe { libc::munmap(self.word.cast_mut().cast(), BYTES) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_sets_the_other_gets_until_the_file_is_another() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("word");
        let (one, other) = (SharedWord::open(&path).unwrap(), SharedWord::open(&path).unwrap());
        assert_eq!(other.get(), 0);
        one.set(u64::MAX - 1);
        assert_eq!(other.get(), u64::MAX - 1);
        std::fs::remove_file(&path).unwrap();
        one.set(7);
        assert_eq!((other.get(), SharedWord::open(&path).unwrap().get()), (7, 0));
    }
}
