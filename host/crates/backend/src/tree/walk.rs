//! Walks a folder by handles, so that a link that appears on the way leads nowhere.

use std::{
    ffi::OsStr,
    fs::File,
    io::{self, Read as _},
    os::{
        fd::{AsFd as _, BorrowedFd},
        unix::ffi::OsStrExt as _,
    },
    path::Path,
    time::SystemTime,
};

use bakery_core::model::{Digest, DigestHasher};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, fstat, openat, readlinkat, statat};

use super::{StatCache, cache::stamp};

/// Folders inside each other; each holds a handle.
const MAX_DEPTH: usize = 200;
/// Entries of a walk.
const MAX_ENTRIES: usize = 2_000_000;

/// Says what belongs to it.
pub trait Choose {
    /// What is known of a folder, for what lies in it.
    type Folder;

    /// What is known of the root.
    fn root(&self) -> Self::Folder;

    /// Whether a path belongs to it. Paths are relative to the root.
    fn judge(&self, folder: &Self::Folder, path: &[u8]) -> Judged<Self::Folder>;
}

/// What is said about a path.
pub struct Judged<F> {
    /// It belongs to it.
    pub taken: bool,
    /// For a folder: what lies in it is looked at, with this.
    pub inside: Option<F>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Relative to the root, parts joined by `/`.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: Kind,
    /// What shows later that it was touched.
    pub stamp: Stamp,
}

/// Device, inode, type, permissions, size and times of an entry. The time of the last status change cannot be set by
/// hand, so whatever was changed and taken back has another one. A folder in which something is left out has no times:
/// what is left out may come and go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Device, inode, type and permissions.
    what: [u64; 3],
    /// Size and times.
    when: Option<[u64; 5]>,
}

impl Stamp {
    /// Of the file that a path leads to.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn of(path: &Path) -> io::Result<Self> {
        Ok(Self::new(&rustix::fs::stat(path)?, true))
    }

    fn new(stat: &Stat, with_times: bool) -> Self {
        let [device, inode, mode, when @ ..] = stamp(stat);
        Self { what: [device, inode, mode], when: with_times.then_some(when) }
    }

    /// Whether nothing says that the entry was touched between the two.
    #[must_use]
    pub fn agrees(&self, later: &Self) -> bool {
        self.what == later.what && (self.when.is_none() || later.when.is_none() || self.when == later.when)
    }
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File {
        /// Permission bits.
        mode: u32,
        /// Bytes.
        size: u64,
        /// Of its bytes.
        digest: Digest,
    },
    /// A folder.
    Folder {
        /// Permission bits.
        mode: u32,
    },
    /// A symbolic link, with its text.
    Link(Vec<u8>),
}

/// Why a folder cannot be walked. Paths are shown with escapes.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// The system says no.
    #[error("cannot read `{0}`: {1}")]
    Io(String, #[source] io::Error),
    /// A file became another one while it was read.
    #[error("`{0}` changed while it was read")]
    Changed(String),
    /// Neither file, folder nor link.
    #[error("`{0}` is a {1}, which no image can hold")]
    Unsupported(String, &'static str),
    /// Too deep, or too much.
    #[error("{0}")]
    Limit(String),
}

/// Everything below `root` that `choose` takes, in no order. A folder that is not taken itself is there where something
/// below it is.
///
/// # Errors
/// Whatever the system says, and a tree that no image can hold.
pub fn walk<C: Choose>(root: &Path, choose: &C, cache: &mut StatCache) -> Result<Vec<Found>, TreeError> {
    let folder = File::open(root).map_err(|error| TreeError::Io(root.display().to_string(), error))?;
    let mut walk = Walk { choose, cache, found: Vec::new() };
    walk.folder(folder.as_fd(), &[], &choose.root(), 0)?;
    Ok(walk.found)
}

struct Walk<'a, C> {
    choose: &'a C,
    cache: &'a mut StatCache,
    found: Vec<Found>,
}

impl<C: Choose> Walk<'_, C> {
    /// Everything in a folder; says whether all of it was taken.
    fn folder(
        &mut self,
        handle: BorrowedFd<'_>,
        path: &[u8],
        known: &C::Folder,
        depth: usize,
    ) -> Result<bool, TreeError> {
        let mut whole = true;
        if depth > MAX_DEPTH {
            return Err(TreeError::Limit(format!("folders are nested more than {MAX_DEPTH} deep")));
        }
        let wrong = |error: rustix::io::Errno| TreeError::Io(shown(path), error.into());
        for entry in Dir::read_from(handle).map_err(wrong)? {
            let entry = entry.map_err(wrong)?;
            let name = entry.file_name().to_bytes();
            if matches!(name, b"." | b"..") {
                continue;
            }
            let path = if path.is_empty() { name.to_vec() } else { [path, b"/", name].concat() };
            let judged = self.choose.judge(known, &path);
            whole &= judged.taken;
            if judged.taken || judged.inside.is_some() {
                self.entry(handle, name, path, judged, depth)?;
            }
            if self.found.len() > MAX_ENTRIES {
                return Err(TreeError::Limit(format!("there are more than {MAX_ENTRIES} entries")));
            }
        }
        Ok(whole)
    }

    fn entry(
        &mut self,
        folder: BorrowedFd<'_>,
        name: &[u8],
        path: Vec<u8>,
        judged: Judged<C::Folder>,
        depth: usize,
    ) -> Result<(), TreeError> {
        let name = OsStr::from_bytes(name);
        let wrong = |error: rustix::io::Errno| TreeError::Io(shown(&path), error.into());
        let stat = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).map_err(wrong)?;
        let mut whole = true;
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => {
                let place = self.found.len();
                if let Some(inside) = &judged.inside {
                    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                    let handle = openat(folder, name, flags, Mode::empty()).map_err(wrong)?;
                    whole = self.folder(handle.as_fd(), &path, inside, depth + 1)?;
                }
                if !judged.taken && self.found.len() == place {
                    return Ok(());
                }
                Kind::Folder { mode: stat.st_mode & 0o7777 }
            }
            _ if !judged.taken => return Ok(()),
            FileType::RegularFile => self.file(folder, name, &path, &stat)?,
            FileType::Symlink => {
                Kind::Link(readlinkat(folder, name, Vec::new()).map_err(wrong)?.into_bytes())
            }
            FileType::Socket => return Err(TreeError::Unsupported(shown(&path), "socket")),
            FileType::Fifo => return Err(TreeError::Unsupported(shown(&path), "pipe")),
            _ => return Err(TreeError::Unsupported(shown(&path), "device")),
        };
        let stamp = Stamp::new(&stat, whole);
        self.found.push(Found { path, kind, stamp });
        Ok(())
    }

    fn file(
        &mut self,
        folder: BorrowedFd<'_>,
        name: &OsStr,
        path: &[u8],
        stat: &Stat,
    ) -> Result<Kind, TreeError> {
        let (mode, size) = (stat.st_mode & 0o7777, u64::try_from(stat.st_size).unwrap_or_default());
        if let Some(digest) = self.cache.get(path, stat) {
            return Ok(Kind::File { mode, size, digest });
        }
        let wrong = |error: rustix::io::Errno| TreeError::Io(shown(path), error.into());
        let begun = SystemTime::now();
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let handle = openat(folder, name, flags, Mode::empty()).map_err(wrong)?;
        let before = fstat(&handle).map_err(wrong)?;
        let mut file = File::from(handle);
        let digest = digest(&mut file, size).map_err(|error| TreeError::Io(shown(path), error))?;
        let after = fstat(&file).map_err(wrong)?;
        let (Some(digest), true) = (digest, same(stat, &before) && same(&before, &after)) else {
            return Err(TreeError::Changed(shown(path)));
        };
        self.cache.put(path, &after, &digest, begun);
        Ok(Kind::File { mode, size, digest })
    }
}

/// The digest of a file of so many bytes; none where it has more or fewer.
fn digest(file: &mut File, size: u64) -> io::Result<Option<Digest>> {
    let mut hasher = DigestHasher::default();
    let mut buffer = vec![0; 128 << 10];
    let mut read = 0_u64;
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((read == size).then(|| hasher.finish())),
            count => {
                hasher.update(&buffer[..count]);
                read += count as u64;
                if read > size {
                    return Ok(None);
                }
            }
        }
    }
}

fn same(one: &Stat, other: &Stat) -> bool {
    let of = |stat: &Stat| {
        let times = (stat.st_mtime, stat.st_mtime_nsec, stat.st_ctime, stat.st_ctime_nsec);
        (stat.st_dev, stat.st_ino, stat.st_mode, stat.st_size, times)
    };
    of(one) == of(other)
}

/// A path for people: what is no text, and control characters, are escaped.
fn shown(path: &[u8]) -> String {
    if path.is_empty() {
        return ".".to_owned();
    }
    let mut text = String::new();
    for chunk in path.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() { text.extend(c.escape_default()) } else { text.push(c) }
        }
        text.extend(
            chunk.invalid().iter().flat_map(|byte| format!("\\x{byte:02x}").into_bytes()).map(char::from),
        );
    }
    text
}

#[cfg(test)]
mod tests;
