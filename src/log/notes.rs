//! `Notes`: what is wrong with a directory that is read as far as it goes. Whoever comes upon it adds a line, each once;
//! who talks to the user takes them.

use std::sync::{Arc, Mutex, PoisonError};

/// Lines that are shared by all who read a directory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes {
    lines: Arc<Mutex<Lines>>,
}

#[derive(Debug, Default)]
struct Lines {
    all: Vec<String>,
    taken: usize,
}

impl Notes {
    /// Adds a line, if it isn't there.
    pub(crate) fn add(&self, line: impl ToString) {
        let line = line.to_string();
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if !lines.all.contains(&line) {
            lines.all.push(line);
        }
    }

    /// The lines that nobody has taken.
    pub(crate) fn take(&self) -> Vec<String> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let count = lines.all.len();
        let taken = std::mem::replace(&mut lines.taken, count);
        lines.all.get(taken..).unwrap_or_default().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_told_once() {
        let notes = Notes::default();
        let other = notes.clone();
        notes.add("one");
        other.add("one");
        assert_eq!(other.take(), ["one"]);
        notes.add("one");
        notes.add("two");
        assert_eq!((other.take(), notes.take().len()), (vec!["two".to_owned()], 0));
    }
}
