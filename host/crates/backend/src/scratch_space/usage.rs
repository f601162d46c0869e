//! How much lies in a folder, while programs work in it. Follows no link, and opens no file.

use std::{
    collections::HashSet,
    ffi::CString,
    io,
    os::fd::{AsFd, OwnedFd},
    path::Path,
    rc::Rc,
};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, openat, statat};

/// Files and folders of one space: each costs the disk something, however small.
const MAX_ENTRIES: usize = 1_000_000;

/// Folders inside folders: nothing real is deeper, and it must be possible to remove them.
const MAX_DEPTH: usize = 128;

/// What a look found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Usage {
    /// Bytes on the disk.
    Bytes(u64),
    /// More files than are counted.
    TooMany,
    /// Folders inside folders, more than are followed.
    TooDeep,
}

/// Looks at a folder. What vanishes meanwhile, or may not be looked at, counts as nothing.
///
/// # Errors
/// The folder itself cannot be opened.
pub(super) fn measure(folder: &Path) -> io::Result<Usage> {
    let top = open(CWD, folder)?;
    let mut bytes: u64 = 0;
    let mut entries = 0;
    let mut several = HashSet::new();
    let mut waiting: Vec<(Rc<OwnedFd>, CString, usize)> = Vec::new();
    let mut next = Some((top, 0));
    while let Some((folder, depth)) = next {
        let folder = Rc::new(folder);
        for entry in Dir::read_from(&*folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            entries += 1;
            if entries > MAX_ENTRIES {
                return Ok(Usage::TooMany);
            }
            let Ok(data) = statat(&*folder, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
            if data.st_nlink == 1 || several.insert((data.st_dev, data.st_ino)) {
                bytes = bytes.saturating_add(u64::try_from(data.st_blocks).unwrap_or(0).saturating_mul(512));
            }
            if FileType::from_raw_mode(data.st_mode) == FileType::Directory {
                if depth >= MAX_DEPTH {
                    return Ok(Usage::TooDeep);
                }
                waiting.push((Rc::clone(&folder), name.to_owned(), depth + 1));
            }
        }
        next = None;
        while let Some((parent, name, depth)) = waiting.pop() {
            if let Ok(folder) = open(&*parent, name.as_c_str()) {
                next = Some((folder, depth));
                break;
            }
        }
    }
    Ok(Usage::Bytes(bytes))
}

fn open(at: impl AsFd, path: impl rustix::path::Arg) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(at, path, flags, Mode::empty())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(folder: &Path) -> u64 {
        match measure(folder).unwrap() {
            Usage::Bytes(bytes) => bytes,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn files_count_once_and_what_links_lead_to_does_not() {
        let top = tempfile::tempdir().unwrap();
        let folder = top.path().join("space");
        std::fs::create_dir_all(folder.join("a/b")).unwrap();
        std::fs::write(top.path().join("outside"), vec![1; 8 << 20]).unwrap();
        let empty = bytes(&folder);
        std::fs::write(folder.join("a/b/file"), vec![1; 1 << 20]).unwrap();
        let one = bytes(&folder);
        assert!((1 << 20..3 << 20).contains(&(one - empty)), "{one} - {empty}");
        std::fs::hard_link(folder.join("a/b/file"), folder.join("again")).unwrap();
        std::os::unix::fs::symlink(top.path().join("outside"), folder.join("link")).unwrap();
        std::os::unix::fs::symlink(top.path(), folder.join("a/up")).unwrap();
        assert!(bytes(&folder) - one < 1 << 20);
        // A file of holes takes no room.
        std::fs::File::create(folder.join("holes")).unwrap().set_len(1 << 40).unwrap();
        assert!(bytes(&folder) - one < 1 << 20);
        assert!(measure(&top.path().join("absent")).is_err());
    }

    #[test]
    fn a_tree_that_goes_down_without_end_is_told() {
        let top = tempfile::tempdir().unwrap();
        let mut path = top.path().to_owned();
        (0..=MAX_DEPTH).for_each(|_| path.push("d"));
        std::fs::create_dir_all(&path).unwrap();
        assert_eq!(measure(top.path()).unwrap(), Usage::TooDeep);
    }
}
