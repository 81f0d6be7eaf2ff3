//! `Claim`: the right to read for a group, which one member has at a time. Who asks while another has it is called when
//! that one leaves or dies: a thread sleeps in the lock, nobody polls.

use super::super::error::{Error, Result};
use crate::disk::{self, Channels, FileLock, Wake};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// A claim that is held or waited for; dropping it gives it up.
pub(super) struct Claim {
    state: Arc<Mutex<State>>,
}

enum State {
    Waiting,
    Held(#[expect(dead_code, reason = "held, not used: dropping it gives the lock back")] FileLock),
    Failed(Option<disk::Error>),
    /// Nobody wants it any more: a lock that comes now is given back at once.
    GivenUp,
}

impl Claim {
    /// Takes the claim on `path`, or has `channels` notified once it is there.
    pub(super) fn request(path: &Path, wake: Wake, channels: Channels) -> Result<Claim> {
        if let Some(lock) = FileLock::try_acquire(path)? {
            return Ok(Claim { state: Arc::new(Mutex::new(State::Held(lock))) });
        }
        let state = Arc::new(Mutex::new(State::Waiting));
        let (shared, path) = (Arc::clone(&state), path.to_owned());
        let waiting = move || wait(&shared, &path, wake, channels);
        let spawned = thread::Builder::new().name("group claim".to_owned()).spawn(waiting);
        spawned.map_err(|source| Error::Thread { source })?;
        Ok(Claim { state })
    }

    /// Whether the claim is held by now.
    pub(super) fn is_held(&self) -> Result<bool> {
        match &mut *locked(&self.state) {
            State::Held(_) => Ok(true),
            State::Failed(error) => error.take().map_or(Ok(false), |error| Err(error.into())),
            State::Waiting | State::GivenUp => Ok(false),
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        *locked(&self.state) = State::GivenUp;
    }
}

fn wait(state: &Mutex<State>, path: &Path, wake: Wake, channels: Channels) {
    let outcome = FileLock::acquire(path);
    let mut state = locked(state);
    if let State::Waiting = *state {
        *state = match outcome {
            Ok(lock) => State::Held(lock),
            Err(error) => State::Failed(Some(error)),
        };
        drop(state);
        wake.notify(channels);
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_one_is_called_when_the_holder_goes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("claim");
        let (wake, channels) = (Wake::private(), Channels::of(7));
        let first = Claim::request(&path, wake, channels).unwrap();
        let second = Claim::request(&path, wake, channels).unwrap();
        let given_up = Claim::request(&path, wake, channels).unwrap();
        assert!(first.is_held().unwrap() && !second.is_held().unwrap());
        drop(given_up);
        drop(first);
        loop {
            let seen = wake.current();
            if second.is_held().unwrap() {
                break;
            }
            wake.wait(seen, channels, None);
        }
        // Whoever gave up doesn't keep the lock from the next one.
        drop(second);
        let third = Claim::request(&path, wake, channels).unwrap();
        while !third.is_held().unwrap() {
            thread::yield_now();
        }
    }
}
