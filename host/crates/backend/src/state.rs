//! A folder of bakery's own beside a project: files written whole, and one owner at a time. Knows no format.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};

use crate::files;

/// A folder for state.
#[derive(Clone, Debug)]
pub struct State {
    folder: PathBuf,
}

/// The right to change what is in it, until it is dropped. The system takes it back from a process that dies.
#[derive(Debug)]
pub struct Owner {
    _file: File,
}

impl State {
    /// State in this folder, which is made when something is written.
    #[must_use]
    pub fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The path of a file in it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Makes the folder where it is not there.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn make(&self) -> io::Result<()> {
        fs::create_dir_all(&self.folder)
    }

    /// A file's bytes; none where there is none.
    ///
    /// # Errors
    /// Whatever the file system says, and a file of more than `max` bytes.
    pub fn read(&self, name: &str, max: u64) -> io::Result<Option<Vec<u8>>> {
        match files::read_bounded(&self.path(name), max) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes a whole file, or nothing. Only an owner can.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn write(&self, _owner: &Owner, name: &str, bytes: &[u8]) -> io::Result<()> {
        files::write_atomic(&self.path(name), bytes)
    }

    /// Becomes the owner; none where another process is.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn own(&self, name: &str) -> io::Result<Option<Owner>> {
        self.hold(name, FlockOperation::NonBlockingLockExclusive)
    }

    /// Becomes one of several that share something; none where another process owns it alone.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn share(&self, name: &str) -> io::Result<Option<Owner>> {
        self.hold(name, FlockOperation::NonBlockingLockShared)
    }

    fn hold(&self, name: &str, how: FlockOperation) -> io::Result<Option<Owner>> {
        self.make()?;
        let path: &Path = &self.path(name);
        let file = File::options().create(true).truncate(false).write(true).open(path)?;
        match flock(&file, how) {
            Ok(()) => Ok(Some(Owner { _file: file })),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_owner_at_a_time_and_nothing_is_read_where_nothing_was_written() {
        let top = tempfile::tempdir().unwrap();
        let state = State::at(top.path().join("a/b"));
        assert_eq!(state.read("f", 9).unwrap(), None);
        assert!(!top.path().join("a").exists());
        let owner = state.own("owner").unwrap().unwrap();
        assert!(state.own("owner").unwrap().is_none());
        state.write(&owner, "f", b"1").unwrap();
        drop(owner);
        assert!(state.own("owner").unwrap().is_some());
        assert_eq!(state.read("f", 9).unwrap().as_deref(), Some(b"1".as_slice()));
        assert!(state.read("f", 0).is_err());
    }

    #[test]
    fn several_share_and_one_owns() {
        let top = tempfile::tempdir().unwrap();
        let state = State::at(top.path().to_owned());
        let sharing = (state.share("f").unwrap().unwrap(), state.share("f").unwrap().unwrap());
        assert!(state.own("f").unwrap().is_none());
        drop(sharing);
        let owner = state.own("f").unwrap().unwrap();
        assert!(state.share("f").unwrap().is_none());
        drop(owner);
        assert!(state.share("f").unwrap().is_some());
    }
}
