//! How far a long command has come: on standard error, only if that is a terminal, and only after a quarter of a second.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_millis(250);
const REDRAWS_PER_SECOND: u8 = 8;

/// A bar that may or may not be seen. Costs next to nothing when it isn't.
pub(crate) struct Progress {
    state: State,
}

enum State {
    Hidden,
    Waiting { since: Instant, total: u64, template: &'static str },
    Shown(ProgressBar),
}

impl Progress {
    /// No bar at all.
    pub(crate) fn none() -> Progress {
        Progress { state: State::Hidden }
    }

    /// Bytes of `total`.
    pub(crate) fn bytes(total: u64) -> Progress {
        Progress::waiting(total, "{bar:30} {bytes}/{total_bytes}  {bytes_per_sec}  {eta}")
    }

    /// Records of `total`.
    pub(crate) fn records(total: u64) -> Progress {
        Progress::waiting(total, "{bar:30} {human_pos}/{human_len} records  {per_sec}  {eta}")
    }

    /// Partitions of `total`.
    pub(crate) fn partitions(total: u64) -> Progress {
        Progress::waiting(total, "{bar:30} {human_pos}/{human_len} partitions  {eta}")
    }

    fn waiting(total: u64, template: &'static str) -> Progress {
        Progress { state: State::Waiting { since: Instant::now(), total, template } }
    }

    /// Says how many are done. Call it once for each batch, not for each record.
    pub(crate) fn set(&mut self, done: u64) {
        match &self.state {
            State::Hidden => {}
            State::Shown(bar) => bar.set_position(done),
            State::Waiting { since, total, template } if since.elapsed() >= PATIENCE => {
                let target = ProgressDrawTarget::stderr_with_hz(REDRAWS_PER_SECOND);
                let bar = ProgressBar::with_draw_target(Some(*total), target);
                if let Ok(style) = ProgressStyle::with_template(template) {
                    bar.set_style(style);
                }
                bar.set_position(done);
                self.state = State::Shown(bar);
            }
            State::Waiting { .. } => {}
        }
    }

    /// Clears the bar away; call it before anything else goes to standard error.
    pub(crate) fn clear(&mut self) {
        if let State::Shown(bar) = &self.state {
            bar.finish_and_clear();
        }
        self.state = State::Hidden;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_command_shows_no_bar() {
        let mut progress = Progress::bytes(10);
        progress.set(5);
        assert!(matches!(progress.state, State::Waiting { .. }));
        progress.clear();
        assert!(matches!(progress.state, State::Hidden));
    }
}
