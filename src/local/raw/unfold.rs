//! `Unfolding`: the records of a batch that a client has sent, within bounds: a small compressed batch may claim to hold
//! gigabytes. What unfolds to more than a little does so one batch at a time in the process.

use crate::record::{BatchReader, Error};
use crate::types::RecordView;
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Batches may unfold to so much at any time, in bytes.
const SMALL_BYTES: usize = 16 * 1024 * 1024;
/// And to so much at all.
const BYTES_MOST: usize = 256 * 1024 * 1024;

/// Held by whoever unfolds a large batch.
static TURN: Mutex<()> = Mutex::new(());

/// One batch's; it has its turn, if it needs one, until this is dropped.
#[derive(Default)]
pub(super) struct Unfolding {
    turn: Option<MutexGuard<'static, ()>>,
}

impl Unfolding {
    /// Every record of a batch with its place, as it was sent: with the time that its producer gave it. Records before a
    /// damaged one have been visited when the error comes. Waits where a batch is large and another one is at work.
    pub(super) fn each_record(
        &mut self,
        batch: &[u8],
        mut visit: impl FnMut(i32, &RecordView<'_>),
    ) -> Result<(), Error> {
        if self.turn.is_none() {
            // What can't be unfolded fails before its first record.
            match walk(batch, SMALL_BYTES, &mut visit) {
                Err(Error::Decompression { .. }) => {}
                done => return done,
            }
            self.turn = Some(TURN.lock().unwrap_or_else(PoisonError::into_inner));
        }
        walk(batch, BYTES_MOST, &mut visit)
    }
}

fn walk(batch: &[u8], most: usize, visit: &mut impl FnMut(i32, &RecordView<'_>)) -> Result<(), Error> {
    let mut index = 0;
    let _ = BatchReader::limited_to(most).for_each(batch, |record| {
        visit(index, record);
        index += 1;
        ControlFlow::Continue(())
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{BatchBuilder, Compression, ProducerStamp};
    use crate::types::TimestampMs;

    fn batch(values: usize, value: &[u8]) -> Vec<u8> {
        let mut builder = BatchBuilder::new(Compression::Zstd);
        for _ in 0..values {
            builder.append(TimestampMs(0), None, Some(value), &[]);
        }
        builder.finish(&ProducerStamp::NONE).unwrap().to_vec()
    }

    fn count(batch: &[u8], unfolding: &mut Unfolding) -> Result<i32, Error> {
        let mut count = 0;
        unfolding.each_record(batch, |_, _| count += 1)?;
        Ok(count)
    }

    #[test]
    fn large_batches_have_their_turn_and_bombs_are_refused() {
        let value = vec![0; 1024 * 1024];
        let mut unfolding = Unfolding::default();
        assert_eq!(count(&batch(3, &value), &mut unfolding).unwrap(), 3);
        assert!(unfolding.turn.is_none());
        assert_eq!(count(&batch(17, &value), &mut unfolding).unwrap(), 17);
        assert!(unfolding.turn.is_some());
        let bomb = batch(257, &value);
        assert!(bomb.len() < 1024 * 1024, "{}", bomb.len());
        assert!(matches!(count(&bomb, &mut unfolding), Err(Error::Decompression { .. })));
    }
}
