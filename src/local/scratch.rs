//! Directories for a moment: made under a name of their own, and removed by whoever made them.

use crate::client;
use crate::disk;
use crate::local::error::Error;
use crate::types::Uuid;
use std::path::{Path, PathBuf};

/// What the name of each begins with. Nothing else is removed.
const PREFIX: &str = "kt-test-";

/// Makes a directory in `parent` that nobody else has, for the owner alone.
pub(crate) fn make(parent: &Path) -> client::Result<PathBuf> {
    let unique: String = Uuid::random().0.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let dir = parent.join(format!("{PREFIX}{unique}"));
    disk::create_dirs(&dir).map_err(Error::from)?;
    Ok(disk::absolute(&dir).map_err(Error::from)?)
}

/// Removes such a directory with all that is in it; any other is left alone.
pub(crate) fn remove(dir: &Path) -> client::Result<()> {
    let is_scratch = dir.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
    if is_scratch {
        // Who ends at this moment may still be making a file.
        let again = disk::remove_tree(dir).is_err();
        if again {
            disk::remove_tree(dir).map_err(Error::from)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_made_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let (one, other) = (make(parent.path()).unwrap(), make(parent.path()).unwrap());
        assert_ne!(one, other);
        std::fs::write(one.join("file"), b"x").unwrap();
        remove(&one).unwrap();
        remove(&one).unwrap();
        assert!(!one.exists() && other.exists());
        remove(parent.path()).unwrap();
        assert!(parent.path().exists());
    }
}
