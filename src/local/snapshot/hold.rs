//! Holding many locks at once without ever standing in the way of somebody who holds one of them and wants another.

use super::error::Result;
use crate::disk::{self, FileLock};
use crate::signal::Unstopped;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

/// How long one lock is waited for while others are held.
const PATIENCE: Duration = Duration::from_millis(500);

/// Locks that are held until this is dropped. No terminal stops the process meanwhile.
pub(super) struct Held {
    _locks: VecDeque<FileLock>,
    _unstopped: Unstopped,
}

/// Takes the locks on all `paths`, which are made if they aren't there.
pub(super) fn hold(paths: &[PathBuf]) -> Result<Held> {
    let unstopped = Unstopped::begin();
    let _ = disk::raise_open_files();
    // One that had to be waited for, and that is held when the others are tried again.
    let mut first: Option<(PathBuf, FileLock)> = None;
    loop {
        let mut locks = VecDeque::with_capacity(paths.len());
        let mut contended = None;
        for path in paths.iter().filter(|path| first.as_ref().is_none_or(|(held, _)| held != *path)) {
            if let Some(parent) = path.parent() {
                disk::create_dirs(parent)?;
            }
            if let Some(lock) = FileLock::try_acquire(path)? {
                locks.push_back(lock);
                continue;
            }
            let coming = wait_for(path);
            match coming.recv_timeout(PATIENCE) {
                Ok(lock) => locks.push_back(lock?),
                Err(_) => {
                    contended = Some((path.clone(), coming));
                    break;
                }
            }
        }
        match contended {
            None => {
                locks.extend(first.map(|(_, lock)| lock));
                return Ok(Held { _locks: locks, _unstopped: unstopped });
            }
            Some((path, coming)) => {
                drop((locks, first.take()));
                // The thread sends once, whatever happens; should it be gone, the lock is asked for anew.
                first = coming.recv().ok().transpose()?.map(|lock| (path, lock));
            }
        }
    }
}

/// Asks for a lock from a thread of its own: it stands in the queue of the system's.
fn wait_for(path: &Path) -> Receiver<disk::Result<FileLock>> {
    let (give, coming) = mpsc::channel();
    let path = path.to_owned();
    thread::spawn(move || {
        // Nobody may wait any more: then the lock is given back.
        let _ = give.send(FileLock::acquire(&path));
    });
    coming
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_holds_one_and_wants_another_is_let_go_on() {
        let dir = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = (0..3).map(|number| dir.path().join(format!("sub/{number}"))).collect();
        disk::create_dirs(&dir.path().join("sub")).unwrap();
        let theirs = FileLock::acquire(&paths[2]).unwrap();
        let wanted = paths[0].clone();
        let (ready, is_ready) = mpsc::channel();
        let other = thread::spawn(move || {
            ready.send(()).unwrap();
            // Until the locks before it are held.
            while FileLock::try_acquire(&wanted).unwrap().is_some() {
                thread::yield_now();
            }
            drop(FileLock::acquire(&wanted).unwrap());
            drop(theirs);
        });
        is_ready.recv().unwrap();
        let held = hold(&paths).unwrap();
        other.join().unwrap();
        assert!(paths.iter().all(|path| disk::is_locked(path).unwrap()));
        drop(held);
        assert!(paths.iter().all(|path| !disk::is_locked(path).unwrap()));
    }
}
