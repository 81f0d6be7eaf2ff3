//! `--guarded`: a server that `kt test` has started for itself. It reads orders from standard input, whose end is that of
//! whoever gave them, even if he was killed: then the server ends, and nothing of the test is left over.
//!
//! The orders are lines: `group N` names the process group of the test's command, to be killed then; `keep` has the
//! directory stay.

use crate::local::scratch;
use crate::signal;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// What to do at the end.
#[derive(Debug, Default)]
struct Orders {
    group: Option<i32>,
    keep: bool,
}

/// Waits for orders, from a thread of its own.
pub(super) struct Guard {
    orders: Arc<Mutex<Orders>>,
    dir: PathBuf,
}

impl Guard {
    /// The server that works on `dir` ends by a signal from here on when standard input does.
    pub(super) fn begin(dir: PathBuf) -> io::Result<Guard> {
        let orders = Arc::<Mutex<Orders>>::default();
        let shared = Arc::clone(&orders);
        let listen = move || {
            for line in io::stdin().lines().map_while(Result::ok) {
                shared.lock().unwrap_or_else(PoisonError::into_inner).take(&line);
            }
            let group = shared.lock().unwrap_or_else(PoisonError::into_inner).group;
            if let Some(group) = group {
                signal::send_to_group(group, libc::SIGKILL);
            }
            signal::stop_this();
        };
        thread::Builder::new().name("guard".into()).spawn(listen)?;
        Ok(Guard { orders, dir })
    }

    /// Clears away what is left; the directory is closed.
    pub(super) fn end(self) {
        let keep = self.orders.lock().unwrap_or_else(PoisonError::into_inner).keep;
        if !keep {
            // There is nobody to tell.
            let _ = scratch::remove(&self.dir);
        }
    }
}

impl Orders {
    fn take(&mut self, line: &str) {
        match line.split_once(' ') {
            Some(("group", number)) => self.group = number.parse().ok(),
            None if line == "keep" => self.keep = true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_lines() {
        let mut orders = Orders::default();
        for line in ["group 12", "", "other", "keep", "group"] {
            orders.take(line);
        }
        assert_eq!((orders.group, orders.keep), (Some(12), true));
    }
}
