//! The one door to the disk: files read and written by position, directories, locks, and the word that readers
//! sleep on. Knows no format and no Kafka. What differs between systems is here and in `signal/`.

mod copy;
mod dir;
mod error;
mod failpoint;
mod file;
mod lock;
mod system;
mod wake;
mod word;

pub(crate) use copy::{Content, Copier, exchange, sync_tree, unshare};
pub(crate) use dir::{
    Durability, Entry, Stamp, absolute, age, canonical, create_dirs, keep, link, list, read_text,
    remove_file, remove_tree, rename, replace, replace_with, stamp, sync_path, touch,
};
pub(crate) use error::{Error, Result};
#[cfg(test)]
pub(crate) use failpoint::{disarm, kill_after};
pub(crate) use file::{File, Mode};
pub(crate) use lock::{
    ExclusiveRangeLock, FileLock, SharedLock, SharedRangeLock, held_word, is_locked, is_range_locked,
    is_range_locked_exclusively, range_lock_holder, wait_unlocked,
};
pub(crate) use system::{boot_id, monotonic_ms, network_file_system, raise_open_files, space};
pub(crate) use wake::{Channels, Wake, Woken};
pub(crate) use word::SharedWord;
