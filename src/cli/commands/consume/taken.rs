//! How many records the reader of standard output has got: what lies unread in a pipe when its reader goes was taken by nobody.
//!
//! Cost: one entry for each write, and only for as many bytes as a pipe can hold. What one write brought counts as a whole:
//! if its reader left some of it behind, none of it was taken.

use std::collections::VecDeque;

/// No pipe holds more than this: what was written before has been taken.
const PIPE_BYTES_MAX: u64 = 1024 * 1024;

/// The state of the output after a write.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    /// Bytes written so far.
    bytes: u64,
    /// Records written whole so far.
    count: u64,
}

/// The last writes.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// The last mark that the pipe can hold nothing of.
    settled: Mark,
    marks: VecDeque<Mark>,
}

impl Taken {
    /// After a write: `count` records in `bytes` bytes have been written since the beginning.
    #[inline]
    pub(super) fn written(&mut self, bytes: u64, count: u64) {
        match self.marks.back_mut() {
            Some(last) if last.bytes == bytes => last.count = count,
            _ => self.marks.push_back(Mark { bytes, count }),
        }
        while let Some(first) = self.marks.front()
            && first.bytes + PIPE_BYTES_MAX < bytes
        {
            self.settled = *first;
            self.marks.pop_front();
        }
    }

    /// How many records the reader has got, if it left `untaken` of all the `bytes` that were written. Where nobody
    /// knows, it is taken to have got nothing of the last write.
    pub(super) fn count(&self, bytes: u64, untaken: Option<u64>) -> u64 {
        let before_last = self.marks.iter().rev().nth(1).unwrap_or(&self.settled).bytes;
        let taken = untaken.map_or(before_last, |untaken| bytes.saturating_sub(untaken));
        self.marks.iter().rev().find(|mark| mark.bytes <= taken).unwrap_or(&self.settled).count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_counts_once_all_of_it_was_taken() {
        let mut taken = Taken::default();
        taken.written(10, 5);
        taken.written(30, 6);
        taken.written(30, 7);
        for (bytes, untaken, count) in [
            (30, Some(0), 7),
            (30, Some(1), 5),
            (30, Some(20), 5),
            (30, Some(21), 0),
            (30, Some(30), 0),
            (30, Some(31), 0),
            (30, None, 5),
            // A write that failed half way.
            (35, Some(5), 7),
            (35, Some(6), 5),
        ] {
            assert_eq!(taken.count(bytes, untaken), count, "{bytes} {untaken:?}");
        }
    }

    #[test]
    fn what_a_pipe_cannot_hold_is_forgotten() {
        let mut taken = Taken::default();
        for count in 1..=100 {
            taken.written(count * 100_000, count);
        }
        assert!(taken.marks.len() < 15);
        assert_eq!(taken.count(10_000_000, Some(PIPE_BYTES_MAX)), 89);
        assert_eq!(taken.count(10_000_000, Some(u64::MAX)), 89);
        assert_eq!(Taken::default().count(0, Some(0)), 0);
    }
}
