//! Cuts bytes into lines as Java's `BufferedReader` does: LF, CRLF and a lone CR end a line. Works on what has been read so far:
//! a line without its end stays for the next time.

use memchr::memchr2;

/// The complete lines at the front of some bytes.
pub(crate) struct Lines<'a> {
    bytes: &'a [u8],
    /// Where the next line begins.
    start: usize,
    /// Before this there is no further line end.
    scanned: usize,
    after_cr: bool,
}

impl<'a> Lines<'a> {
    /// `after_cr`: the last line before these bytes ended with CR, so that a LF in front is the rest of that end.
    /// The first `scanned` bytes are known to hold no line end.
    pub(crate) fn new(bytes: &'a [u8], after_cr: bool, scanned: usize) -> Lines<'a> {
        Lines { bytes, start: 0, scanned, after_cr }
    }

    /// How many bytes have been cut off as lines.
    pub(crate) fn consumed(&self) -> usize {
        self.start
    }

    /// Whether the last line's end may still be followed by its LF.
    pub(crate) fn after_cr(&self) -> bool {
        self.after_cr
    }

    /// What has no end yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    fn skip_line_feed(&mut self) {
        if self.after_cr && self.start < self.bytes.len() {
            self.after_cr = false;
            if self.rest().first() == Some(&b'\n') {
                self.start += 1;
            }
        }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        self.skip_line_feed();
        let from = self.scanned.max(self.start);
        let found = memchr2(b'\n', b'\r', self.bytes.get(from..)?)?;
        let end = from + found;
        let line = self.bytes.get(self.start..end)?;
        self.after_cr = self.bytes.get(end) == Some(&b'\r');
        self.start = end + 1;
        // The usual CRLF is done with here, so that what remains is never just its second half.
        self.skip_line_feed();
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `text` in pieces of `size` bytes, as reads would deliver it.
    fn cut(text: &[u8], size: usize) -> Vec<Vec<u8>> {
        let (mut held, mut after_cr, mut scanned, mut found) = (Vec::new(), false, 0, Vec::new());
        for piece in text.chunks(size) {
            held.extend_from_slice(piece);
            let mut lines = Lines::new(&held, after_cr, scanned);
            found.extend(lines.by_ref().map(<[u8]>::to_vec));
            after_cr = lines.after_cr();
            let consumed = lines.consumed();
            held.drain(..consumed);
            scanned = held.len();
        }
        if !held.is_empty() {
            found.push(held);
        }
        found
    }

    #[test]
    fn every_kind_of_end_is_known_wherever_reads_cut() {
        let text = b"one\ntwo\r\nthree\rfour\n\n\r\rfive\r\n\r\nlast";
        let expected: Vec<&[u8]> =
            vec![b"one", b"two", b"three", b"four", b"", b"", b"", b"five", b"", b"last"];
        for size in 1..=text.len() {
            assert_eq!(cut(text, size), expected, "pieces of {size}");
        }
    }

    #[test]
    fn an_end_at_the_very_end_makes_no_further_line() {
        for (text, count) in
            [("", 0), ("\n", 1), ("a", 1), ("a\n", 1), ("a\r", 1), ("a\r\n", 1), ("\r\n\r\n", 2)]
        {
            for size in 1..=text.len().max(1) {
                assert_eq!(cut(text.as_bytes(), size).len(), count, "{text:?} in pieces of {size}");
            }
        }
    }
}
