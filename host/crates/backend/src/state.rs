//! A folder of bakery's own beside a project: files written whole, and one owner at a time. Knows no format.

use std::{
    fs::{self, File, Permissions},
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::fs::{FlockOperation, flock};

use crate::files;

/// The file that whoever writes owns meanwhile.
const WRITING: &str = "writing";
/// The file that is written before it has its name. Whoever was killed leaves at most this one.
const WRITTEN: &str = "written";
/// How long another process may write a file.
const PATIENCE: Duration = Duration::from_secs(10);

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
        self.place(&self.path(name), bytes)
    }

    /// Puts a whole file in its place, wherever that is, or nothing. It is made in this folder and then renamed, so
    /// that whoever is killed leaves nothing beside the file, and here only what the next one writes over. A file that
    /// is there keeps its permissions. Where it cannot be made here, it is made beside its place.
    ///
    /// # Errors
    /// Whatever the file system says; the old file is then still there.
    pub fn place(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let permissions = fs::metadata(path).ok().map(|there| there.permissions());
        let made = self.make_file(path, bytes, permissions.clone());
        match made {
            Err(error) if is_elsewhere(&error) => files::write_atomic_as(path, bytes, permissions),
            made => made,
        }
    }

    fn make_file(&self, path: &Path, bytes: &[u8], permissions: Option<Permissions>) -> io::Result<()> {
        let _writing = self.writing()?;
        let made = self.path(WRITTEN);
        match fs::remove_file(&made) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = File::options().write(true).create_new(true).open(&made)?;
        if let Some(permissions) = permissions {
            file.set_permissions(Permissions::from_mode(permissions.mode() & 0o7777))?;
        }
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&made, path).inspect_err(|_| {
            // The error is the rename's; what is left is written over by the next one.
            let _ = fs::remove_file(&made);
        })?;
        files::sync_folder_of(path);
        Ok(())
    }

    /// The right to write, which another process has for a moment.
    fn writing(&self) -> io::Result<Owner> {
        let began = Instant::now();
        loop {
            match self.own(WRITING)? {
                Some(owner) => return Ok(owner),
                None if began.elapsed() > PATIENCE => {
                    let path = self.path(WRITING).display().to_string();
                    let message = format!("another process holds `{path}` and does not end");
                    return Err(io::Error::new(io::ErrorKind::WouldBlock, message));
                }
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
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

/// Whether a file cannot be made in the state's folder, and perhaps can be where it belongs.
fn is_elsewhere(error: &io::Error) -> bool {
    use io::ErrorKind::{CrossesDevices, PermissionDenied, ReadOnlyFilesystem};
    matches!(error.kind(), CrossesDevices | PermissionDenied | ReadOnlyFilesystem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_its_place_is_whole_and_keeps_its_permissions() {
        let top = tempfile::tempdir().unwrap();
        let state = State::at(top.path().join("state"));
        let path = top.path().join("file");
        state.place(&path, b"1").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        // What a killed process left is written over, even where it could not be written to.
        fs::write(state.path(WRITTEN), "left").unwrap();
        fs::set_permissions(state.path(WRITTEN), Permissions::from_mode(0o400)).unwrap();
        state.place(&path, b"2").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"2");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o640);
        assert_eq!(fs::read_dir(top.path()).unwrap().count(), 2);
        assert!(!state.path(WRITTEN).exists());
        let folder = top.path().join("folder");
        fs::create_dir(&folder).unwrap();
        assert!(state.place(&folder, b"x").is_err());
        assert!(!state.path(WRITTEN).exists());
    }

    #[test]
    fn a_file_is_made_beside_its_place_where_the_state_cannot_be_written() {
        let top = tempfile::tempdir().unwrap();
        let path = top.path().join("file");
        fs::write(&path, "1").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o604)).unwrap();
        // Another file system, where there is one.
        let memory = Path::new("/dev/shm");
        if let Ok(other) = tempfile::tempdir_in(memory) {
            let state = State::at(other.path().to_owned());
            state.place(&path, b"3").unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"3");
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o604);
        }
    }

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
