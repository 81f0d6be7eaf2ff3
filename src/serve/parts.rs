//! `Parts`: an answer being encoded whose large pieces are passed on as they are, not copied.
//!
//! The protocol's encoders write a field's bytes with one `put_slice`. Whoever encodes says beforehand which pieces will come,
//! in their order; a slice that is the next of them is taken over as it lies in memory.

use bytes::buf::UninitSlice;
use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::protocol::buf::ByteBufMut;
use std::collections::VecDeque;
use std::ops::Range;

/// Encoded bytes in several parts.
pub(super) struct Parts {
    done: Vec<Bytes>,
    tail: BytesMut,
    /// Bytes before the tail.
    offset: usize,
    /// What is passed on when it comes.
    shared: VecDeque<Bytes>,
}

impl Parts {
    /// `shared` are the pieces that needn't be copied, in the order in which they will be put.
    pub(super) fn new(shared: VecDeque<Bytes>) -> Parts {
        Parts { done: Vec::new(), tail: BytesMut::new(), offset: 0, shared }
    }

    pub(super) fn finish(mut self) -> Vec<Bytes> {
        self.close_tail();
        self.done
    }

    fn close_tail(&mut self) {
        if !self.tail.is_empty() {
            self.offset += self.tail.len();
            self.done.push(self.tail.split().freeze());
        }
    }
}

// SAFETY: all memory that is handed out is the tail's, which keeps the rules.
unsafe impl BufMut for Parts {
    fn remaining_mut(&self) -> usize {
        self.tail.remaining_mut()
    }

    unsafe fn advance_mut(&mut self, count: usize) {
        // SAFETY: the caller has filled as much of the tail's chunk.
        unsafe { self.tail.advance_mut(count) }
    }

    fn chunk_mut(&mut self) -> &mut UninitSlice {
        self.tail.chunk_mut()
    }

    fn put_slice(&mut self, slice: &[u8]) {
        let is_next = |next: &&mut Bytes| next.as_ptr() == slice.as_ptr() && next.len() == slice.len();
        if slice.is_empty() || self.shared.front_mut().filter(is_next).is_none() {
            self.tail.extend_from_slice(slice);
            return;
        }
        self.close_tail();
        if let Some(piece) = self.shared.pop_front() {
            self.offset += piece.len();
            self.done.push(piece);
        }
    }
}

/// Going back reaches no further than the tail; responses never do.
impl ByteBufMut for Parts {
    fn offset(&self) -> usize {
        self.offset + self.tail.len()
    }

    fn seek(&mut self, offset: usize) {
        let from = self.offset;
        ByteBufMut::seek(&mut self.tail, offset.saturating_sub(from));
    }

    fn range(&mut self, range: Range<usize>) -> &mut [u8] {
        let from = self.offset;
        self.tail.range(range.start.saturating_sub(from)..range.end.saturating_sub(from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_that_are_announced_are_not_copied() {
        let (one, two, copy) = (Bytes::from(vec![1; 100]), Bytes::from(vec![2; 50]), vec![2; 50]);
        let mut parts = Parts::new([one.clone(), two.clone()].into());
        parts.put_i32(7);
        parts.put_slice(&one);
        parts.put_slice(&[9, 9]);
        parts.put_slice(&copy);
        assert_eq!(parts.offset(), 4 + 100 + 2 + 50);
        parts.put_slice(&two);
        let done = parts.finish();
        assert_eq!(done[1].as_ptr(), one.as_ptr());
        assert_eq!(done.last().map(|part| part.as_ptr()), Some(two.as_ptr()));
        let all = [&[0, 0, 0, 7][..], &one, &[9, 9], &two, &two].concat();
        assert_eq!(done.concat(), all);
    }
}
