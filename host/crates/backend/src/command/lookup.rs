//! From a program's name to its absolute path, on a PATH that can be trusted. Reads no environment.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, Read as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use bakery_core::model::{Digest, DigestHasher};

/// Why a program has no path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// A name that could be a path or an option.
    #[error("`{0}` is not the name of a program")]
    Name(String),
    /// It is nowhere.
    #[error("there is no program `{0}` on the PATH")]
    Missing(String),
    /// It is only where anybody could have put it.
    #[error("`{name}` is only in `{}`, where {reason}", folder.display())]
    Untrusted {
        /// The name.
        name: String,
        /// The entry of the PATH, as it stands there.
        folder: PathBuf,
        /// Why that does not count; fits after "where".
        reason: &'static str,
    },
}

/// The first program of this name. Entries that are empty, relative or writable by anybody are passed over.
///
/// # Errors
/// Each reason is a [`LookupError`].
pub fn find_program(name: &str, path: &OsStr) -> Result<PathBuf, LookupError> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'+');
    if name.is_empty() || name.starts_with(['-', '.']) || !name.bytes().all(plain) {
        return Err(LookupError::Name(name.escape_debug().to_string()));
    }
    let mut untrusted = None;
    for folder in std::env::split_paths(path) {
        let place = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
        let program = place.join(name);
        if !is_program(&program) {
            continue;
        }
        match distrust(place, &program) {
            None => return Ok(program),
            Some(reason) => untrusted = untrusted.or(Some((folder, reason))),
        }
    }
    Err(match untrusted {
        Some((folder, reason)) => LookupError::Untrusted { name: name.to_owned(), folder, reason },
        None => LookupError::Missing(name.to_owned()),
    })
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

fn distrust(folder: &Path, program: &Path) -> Option<&'static str> {
    let anybody_writes =
        |path: &Path| fs::metadata(path).is_ok_and(|at| at.permissions().mode() & 0o002 != 0);
    if !folder.is_absolute() {
        Some("whatever folder bakery runs in decides")
    } else if anybody_writes(folder) {
        Some("anybody may put a program")
    } else if anybody_writes(program) {
        Some("anybody may change it")
    } else {
        None
    }
}

/// The digest of a program's file, to pin it with.
///
/// # Errors
/// Whatever the file system says.
pub fn fingerprint(program: &Path) -> io::Result<Digest> {
    digest_of(&mut File::open(program)?)
}

pub(super) fn digest_of(file: &mut File) -> io::Result<Digest> {
    let mut hasher = DigestHasher::default();
    let mut piece = vec![0; 1 << 16];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hasher.finish()),
            length => hasher.update(&piece[..length]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(folder: &Path, name: &str, mode: u32) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join(name), "#!/bin/sh\n").unwrap();
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn only_what_nobody_else_could_have_put_there_is_found() {
        let top = tempfile::tempdir().unwrap();
        let folder = |name: &str| top.path().join(name);
        program(&folder("good"), "tool", 0o755);
        program(&folder("good"), "notes", 0o644);
        program(&folder("good"), "loose", 0o757);
        program(&folder("open"), "tool", 0o755);
        program(&folder("open"), "only", 0o755);
        fs::create_dir_all(folder("good/dir")).unwrap();
        fs::set_permissions(folder("open"), fs::Permissions::from_mode(0o1777)).unwrap();
        let path = std::env::join_paths([
            PathBuf::new(),
            ".".into(),
            folder("absent"),
            folder("open"),
            folder("good"),
        ])
        .unwrap();
        let find = |name| find_program(name, &path);
        assert_eq!(find("tool"), Ok(folder("good/tool")));
        for name in ["notes", "dir", "absent"] {
            assert_eq!(find(name), Err(LookupError::Missing(name.into())), "{name}");
        }
        for name in ["only", "loose"] {
            assert!(matches!(find(name), Err(LookupError::Untrusted { .. })), "{name}");
        }
        for name in ["", "../good/tool", "/bin/sh", "-x", ".", "..", ".hidden", "a b", "a/b", "a\0"] {
            assert!(matches!(find(name), Err(LookupError::Name(_))), "{name:?}");
        }
        assert_eq!(
            find_program("Cargo.toml", OsStr::new("")),
            Err(LookupError::Missing("Cargo.toml".into()))
        );
    }

    #[test]
    fn a_program_in_the_working_folder_is_never_found() {
        // Tests of a package run in its folder, which holds a program only for this moment.
        let here = tempfile::tempdir_in(".").unwrap();
        program(here.path(), "tool", 0o755);
        let relative = Path::new(here.path().file_name().unwrap());
        assert!(relative.join("tool").is_file());
        assert!(matches!(find_program("tool", relative.as_os_str()), Err(LookupError::Untrusted { .. })));
    }

    #[test]
    fn a_fingerprint_is_the_digest_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("p"), vec![7; 200_000]).unwrap();
        assert_eq!(fingerprint(&folder.path().join("p")).unwrap(), Digest::of(&vec![7; 200_000]));
    }
}
