//! Files that the user named: read with a bound, written beside and renamed. Knows no format.

use std::{
    fs::{File, Permissions},
    io::{self, Read, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

/// Reads a file of at most `max` bytes; a longer one is an error, not a part.
///
/// # Errors
/// Whatever the file system says, and [`io::ErrorKind::FileTooLarge`].
pub fn read_bounded(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    read_stream(file, max)
}

/// Reads a stream of at most `max` bytes to its end.
///
/// # Errors
/// Whatever the stream says, and [`io::ErrorKind::FileTooLarge`].
pub fn read_stream(stream: impl Read, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.take(max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("larger than {max} bytes")));
    }
    Ok(bytes)
}

/// Writes a whole file or nothing: beside it, to disk, then renamed over it.
///
/// # Errors
/// Whatever the file system says; the old file is then still there.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_atomic_as(path, bytes, None)
}

/// The same with these permissions; without any they are those of a new file.
pub(crate) fn write_atomic_as(path: &Path, bytes: &[u8], permissions: Option<Permissions>) -> io::Result<()> {
    // As any program's file: who else may read it is the user's mask to say.
    let mut beside =
        tempfile::Builder::new().permissions(Permissions::from_mode(0o666)).tempfile_in(folder_of(path))?;
    if let Some(permissions) = permissions {
        beside.as_file().set_permissions(Permissions::from_mode(permissions.mode() & 0o7777))?;
    }
    beside.write_all(bytes)?;
    beside.as_file().sync_all()?;
    beside.persist(path).map_err(|error| error.error)?;
    sync_folder_of(path);
    Ok(())
}

/// A rename itself must survive a power loss, where the file system can say so.
pub(crate) fn sync_folder_of(path: &Path) {
    if let Ok(folder) = File::open(folder_of(path)) {
        let _ = folder.sync_all();
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

/// Adds to the end of a file; makes it where there is none.
///
/// # Errors
/// Whatever the file system says.
pub fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    File::options().append(true).create(true).open(path)?.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_appended_follows_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        append(&path, b"1\n").unwrap();
        append(&path, b"2\n").unwrap();
        assert_eq!(read_bounded(&path, 9).unwrap(), b"1\n2\n");
    }

    #[test]
    fn a_file_over_the_bound_is_refused_and_one_at_the_bound_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        write_atomic(&path, b"12345").unwrap();
        assert_eq!(read_bounded(&path, 5).unwrap(), b"12345");
        assert_eq!(read_bounded(&path, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert!(read_bounded(folder.path(), 4).is_err());
    }

    #[test]
    fn a_written_file_has_the_mode_of_any_other_file() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        write_atomic(&one, b"x").unwrap();
        std::fs::write(&other, b"x").unwrap();
        assert_eq!(one.metadata().unwrap().permissions(), other.metadata().unwrap().permissions());
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::create_dir(&path).unwrap();
        assert!(write_atomic(&path, b"x").is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
