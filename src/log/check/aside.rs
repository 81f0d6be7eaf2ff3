//! `Aside`: where a repair keeps what it replaces or leaves out: nothing is ever deleted.

use crate::disk;
use crate::log::Result;
use std::cell::Cell;
use std::path::{Path, PathBuf};

/// A directory for what one repair sets aside, each file under the name that it had; made with the first one.
#[derive(Debug)]
pub(crate) struct Aside {
    root: PathBuf,
    /// What is repaired; names are taken from here on.
    of: PathBuf,
    is_used: Cell<bool>,
}

impl Aside {
    pub(crate) fn new(root: PathBuf, of: &Path) -> Aside {
        Aside { root, of: of.to_owned(), is_used: Cell::new(false) }
    }

    /// Where it is, if anything is there.
    pub(crate) fn used(&self) -> Option<&Path> {
        self.is_used.get().then_some(self.root.as_path())
    }

    /// Keeps a file that is about to be replaced. One that isn't there needs no keeping.
    pub(crate) fn keep(&self, path: &Path) -> Result<()> {
        if !path.exists() {
            return Ok(());
        }
        let to = self.place(path, "")?;
        Ok(disk::keep(path, &to)?)
    }

    /// Moves a file or directory away.
    pub(crate) fn move_away(&self, path: &Path) -> Result<()> {
        if path.is_dir() {
            let to = self.place(path, "")?;
            return Ok(disk::rename(path, &to)?);
        }
        self.keep(path)?;
        Ok(disk::remove_file(path)?)
    }

    /// Keeps bytes of a file that are to be no part of it any more.
    pub(crate) fn keep_bytes(&self, path: &Path, position: u64, bytes: &[u8]) -> Result<()> {
        let to = self.place(path, &format!("@{position}"))?;
        Ok(disk::replace(&to, bytes)?)
    }

    /// A free name like that of the file.
    fn place(&self, path: &Path, ending: &str) -> Result<PathBuf> {
        self.is_used.set(true);
        let inside = path.parent().and_then(|parent| parent.strip_prefix(&self.of).ok());
        let dir = inside.map_or_else(|| self.root.clone(), |inside| self.root.join(inside));
        disk::create_dirs(&dir)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned() + ending;
        let numbered = |number: usize| {
            if number == 0 { dir.join(&name) } else { dir.join(format!("{name}.{number}")) }
        };
        let free = (0..).map(numbered).find(|path| !path.exists());
        Ok(free.unwrap_or_else(|| dir.join(&name)))
    }
}
