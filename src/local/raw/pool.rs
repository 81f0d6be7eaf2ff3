//! `Pool` and `Buffer`: the memory that fetched batches are read into, used again when an answer has been sent.

use std::sync::{Arc, Mutex, PoisonError, Weak};

/// So many buffers are kept, each of at most so many bytes.
const KEPT: usize = 4;
const KEPT_BYTES: usize = 2 * 1024 * 1024;
/// Less than this is copied out, so that the whole buffer is free at once.
const WORTH_KEEPING_BYTES: usize = 64 * 1024;

/// Buffers that nobody uses.
#[derive(Default)]
pub(super) struct Pool {
    idle: Mutex<Vec<Vec<u8>>>,
}

impl Pool {
    /// A buffer of `length` bytes, whatever they are.
    pub(super) fn take(&self, length: usize) -> Vec<u8> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(mut buffer) if buffer.capacity() >= length => {
                // Zeroed only where it has never been longer.
                buffer.resize(length, 0);
                buffer
            }
            // Fresh memory is zero, and costs nothing until it is used.
            _ => vec![0; length],
        }
    }

    pub(super) fn give_back(&self, buffer: Vec<u8>) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if buffer.capacity() <= KEPT_BYTES && idle.len() < KEPT {
            idle.push(buffer);
        }
    }
}

/// Whole batches, as they are in the log.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    pool: Weak<Pool>,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

impl Buffer {
    /// The bytes from `start` to `end` of a buffer of the pool.
    pub(super) fn new(mut bytes: Vec<u8>, start: usize, end: usize, pool: &Arc<Pool>) -> Buffer {
        if end.saturating_sub(start) < WORTH_KEEPING_BYTES {
            let part = bytes.get(start..end).unwrap_or_default().to_vec();
            pool.give_back(bytes);
            return Buffer { bytes: part, start: 0, pool: Weak::new() };
        }
        bytes.truncate(end);
        Buffer { bytes, start, pool: Arc::downgrade(pool) }
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.upgrade() {
            pool.give_back(std::mem::take(&mut self.bytes));
        }
    }
}
