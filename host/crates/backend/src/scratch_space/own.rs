//! A folder that belongs to this process: marked, and locked as long as the process lives. Removes nothing by itself.

use std::{
    fs::{File, OpenOptions, Permissions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use super::remove::remove_tree;

/// How the names of such folders begin.
pub(super) const PREFIX: &str = "bakery-scratch-";

/// The file that is locked.
pub(super) const LOCK: &str = "bakery.lock";

/// What that file holds: nothing without it is ever swept.
pub(super) const MARKER: &[u8] = b"bakery scratch space 1\n";

/// A folder of this process.
pub(super) struct OwnFolder {
    path: PathBuf,
    /// Locked until it is closed, which the system does when this process ends.
    _lock: File,
}

impl OwnFolder {
    /// A new folder below `base`, which only this user may enter.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub(super) fn make(base: &Path) -> io::Result<Self> {
        let only_us = Permissions::from_mode(0o700);
        let path = tempfile::Builder::new().prefix(PREFIX).permissions(only_us).tempdir_in(base)?.keep();
        match lock(&path) {
            Ok(lock) => Ok(Self { path, _lock: lock }),
            Err(error) => {
                // What is left is empty, and the next run removes it.
                let _ = remove_tree(&path);
                Err(error)
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A folder in it, with the same rights.
    pub(super) fn folder(&self, name: &str) -> io::Result<PathBuf> {
        let path = self.path.join(name);
        std::os::unix::fs::DirBuilderExt::mode(&mut std::fs::DirBuilder::new(), 0o700).create(&path)?;
        Ok(path)
    }
}

fn lock(folder: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(folder.join(LOCK))?;
    // Locked first: whoever sweeps sees no marker before the lock is held.
    file.lock()?;
    file.write_all(MARKER)?;
    Ok(file)
}
