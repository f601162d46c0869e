//! Folders that bakery makes for development versions and takes away again: claimed by a marker beside them, whose lock
//! ends with the process. Removes nothing that bakery did not make. Knows no template.

use std::{
    fs::{File, TryLockError},
    io::{self, Write as _},
    os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _},
    path::Path,
};

use cap_std::{
    ambient_authority,
    fs::{Dir, MetadataExt as _, OpenOptions, OpenOptionsExt as _},
};

/// How such folders begin.
const BEGIN: &str = ".dev-";
/// How their markers end. No version holds this character, so no folder is called like a marker.
const MARKER: &str = "~bakery";
/// The most bytes of a marker that are read.
const MARKER_BYTES: usize = 256;

/// Why a folder cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// Another run has it.
    #[error("`{path}` is in use by another run of bakery{}", by(.process))]
    Busy {
        /// The folder.
        path: String,
        /// Whose it is, where the marker says so.
        process: Option<u32>,
    },
    /// Something that bakery did not make.
    #[error("`{0}` is there already, and bakery did not make it")]
    Foreign(String),
    /// The system refuses.
    #[error("cannot make `{path}`: {source}")]
    Io {
        /// The folder.
        path: String,
        /// Why.
        source: io::Error,
    },
}

fn by(process: &Option<u32>) -> String {
    process.map_or_else(String::new, |process| format!(" (process {process})"))
}

/// A folder that this run made. It is removed when this is dropped, unless it was kept.
#[derive(Debug)]
pub struct Claim {
    /// The image's folder.
    parent: Dir,
    /// The folder.
    dir: Dir,
    name: String,
    marker: File,
    made: Made,
    done: bool,
}

/// What a marker says: which folder was made, by whom, and whether it is to stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Made {
    process: u32,
    /// Device and inode of the folder; none before it was made.
    folder: Option<(u64, u64)>,
    keep: bool,
}

impl Claim {
    /// Makes the empty folder `name` in `image`, which lies below `project`. What an earlier run left there is removed.
    ///
    /// # Errors
    /// Another run has it, bakery did not make what is there, or the system refuses.
    pub fn take(project: &Path, image: &str, name: &str) -> Result<Self, ClaimError> {
        let path = format!("{image}/{name}");
        let failed = |source| ClaimError::Io { path: path.clone(), source };
        let parent = Dir::open_ambient_dir(project, ambient_authority())
            .and_then(|project| project.open_dir(image))
            .map_err(failed)?;
        let (marker, found) = match lock(&parent, name, true).map_err(failed)? {
            Lock::Taken(marker, found) => (marker, found),
            Lock::Busy(process) => return Err(ClaimError::Busy { path, process }),
            Lock::Missing => return Err(failed(io::ErrorKind::NotFound.into())),
        };
        if !clear(&parent, name, found.as_ref()).map_err(failed)? {
            // Whatever the marker said, it is not about this folder.
            parent.remove_file(format!("{name}{MARKER}")).map_err(failed)?;
            return Err(ClaimError::Foreign(path));
        }
        // First the claim, then the folder: a folder without marker is never taken for ours.
        let mut made = Made { process: std::process::id(), folder: None, keep: false };
        write(&marker, &made).map_err(failed)?;
        parent.create_dir(name).map_err(failed)?;
        made.folder = identity(&parent, name).map_err(failed)?;
        write(&marker, &made).map_err(failed)?;
        let dir = parent.open_dir(name).map_err(failed)?;
        Ok(Self { parent, dir, name: name.to_owned(), marker, made, done: false })
    }

    /// Writes a file into the folder, and the folders on the way. It must not be there yet.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn write(&self, path: &str, bytes: &[u8], mode: u32) -> io::Result<()> {
        if let Some((folder, _)) = path.rsplit_once('/') {
            self.dir.create_dir_all(folder)?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut file = self.dir.open_with(path, &options)?.into_std();
        file.write_all(bytes)?;
        // A template that nobody may write gives a file that nobody may write, and is written all the same.
        file.set_permissions(std::fs::Permissions::from_mode(mode & 0o777))
    }

    /// Leaves the folder where it is. A later run may empty it and use it again; none removes it.
    ///
    /// # Errors
    /// The marker cannot be written: the folder stays, and the next run removes it.
    pub fn keep(mut self) -> io::Result<()> {
        self.done = true;
        self.made.keep = true;
        write(&self.marker, &self.made)
    }

    /// Removes the folder.
    ///
    /// # Errors
    /// Something of it is still there.
    pub fn remove(mut self) -> io::Result<()> {
        self.remove_now()
    }

    fn remove_now(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.done, true) {
            return Ok(());
        }
        clear(&self.parent, &self.name, Some(&self.made))?;
        self.parent.remove_file(format!("{}{MARKER}", self.name))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Whoever wants to know calls `remove`; the next run removes what is left.
        let _ = self.remove_now();
    }
}

/// A folder that a run left behind, and whether it is gone now.
#[derive(Debug)]
pub struct Swept {
    /// The folder, relative to the project.
    pub path: String,
    /// What became of it.
    pub removed: io::Result<()>,
}

/// Removes what runs that are dead left in `image`: folders with a marker that nobody has locked and that are not to
/// stay. An image without a folder has nothing left.
#[must_use]
pub fn sweep(project: &Path, image: &str) -> Vec<Swept> {
    let parent =
        Dir::open_ambient_dir(project, ambient_authority()).and_then(|project| project.open_dir(image));
    let Ok(parent) = parent else { return Vec::new() };
    let Ok(entries) = parent.entries() else { return Vec::new() };
    let names = entries.filter_map(|entry| {
        let entry = entry.ok().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))?;
        let name = entry.file_name().into_string().ok()?;
        name.strip_suffix(MARKER).filter(|name| name.starts_with(BEGIN)).map(str::to_owned)
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
        .into_iter()
        .filter_map(|name| {
            let removed = sweep_one(&parent, &name).transpose()?;
            Some(Swept { path: format!("{image}/{name}"), removed })
        })
        .collect()
}

/// None where nothing of a dead run was there.
fn sweep_one(parent: &Dir, name: &str) -> io::Result<Option<()>> {
    let Lock::Taken(_marker, found) = lock(parent, name, false)? else { return Ok(None) };
    if found.is_some_and(|made| made.keep) {
        return Ok(None);
    }
    let there = exists(parent, name)?;
    let cleared = clear(parent, name, found.as_ref())?;
    parent.remove_file(format!("{name}{MARKER}"))?;
    Ok((there && cleared).then_some(()))
}

/// Removes the folder where it is ours; whether nothing is there now.
fn clear(parent: &Dir, name: &str, made: Option<&Made>) -> io::Result<bool> {
    let Some(found) = identity(parent, name)? else { return exists(parent, name).map(|there| !there) };
    match made {
        Some(made) if made.folder == Some(found) => parent.remove_dir_all(name).map(|()| true),
        // Killed between making the folder and saying so: then it is empty, and anything else is not ours.
        Some(made) if made.folder.is_none() => Ok(parent.remove_dir(name).is_ok()),
        _ => Ok(false),
    }
}

fn exists(parent: &Dir, name: &str) -> io::Result<bool> {
    match parent.symlink_metadata(name) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Device and inode of a folder; none where there is no folder of that name.
fn identity(parent: &Dir, name: &str) -> io::Result<Option<(u64, u64)>> {
    match parent.symlink_metadata(name) {
        Ok(found) => Ok(found.is_dir().then(|| (found.dev(), found.ino()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

enum Lock {
    /// The marker, locked, with what it said.
    Taken(File, Option<Made>),
    /// Whose it is.
    Busy(Option<u32>),
    /// There is none, and none was to be made.
    Missing,
}

/// Locks the marker of a folder.
fn lock(parent: &Dir, name: &str, make: bool) -> io::Result<Lock> {
    let marker = format!("{name}{MARKER}");
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(make).mode(0o644);
    // Whoever had it may remove it before we have the lock; then ours is not the one that others see.
    for _ in 0..100 {
        if parent.symlink_metadata(&marker).is_ok_and(|found| !found.is_file()) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("`{marker}` is no file")));
        }
        let file = match parent.open_with(&marker, &options) {
            Ok(file) => file.into_std(),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !make => return Ok(Lock::Missing),
            Err(error) => return Err(error),
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(Lock::Busy(read(&file).map(|made| made.process))),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let own = file.metadata()?;
        if parent
            .symlink_metadata(&marker)
            .is_ok_and(|seen| (seen.dev(), seen.ino()) == (own.dev(), own.ino()))
        {
            let found = read(&file);
            return Ok(Lock::Taken(file, found));
        }
    }
    Ok(Lock::Busy(None))
}

fn write(marker: &File, made: &Made) -> io::Result<()> {
    let (device, inode) =
        made.folder.map_or((String::new(), String::new()), |(d, i)| (d.to_string(), i.to_string()));
    let keep = if made.keep { "kept" } else { "temporary" };
    let line =
        format!("{} {keep} {device} {inode}\nA folder that bakery made and will remove.\n", made.process);
    // In one piece, so that no other process sees half of it; what was longer before is cut then.
    marker.write_all_at(line.as_bytes(), 0)?;
    marker.set_len(line.len() as u64)
}

/// None where the marker says nothing that bakery would write.
fn read(marker: &File) -> Option<Made> {
    let mut bytes = [0; MARKER_BYTES];
    let length = marker.read_at(&mut bytes, 0).ok()?;
    let text = std::str::from_utf8(&bytes[..length]).ok()?;
    let words: Vec<&str> = text.split_once('\n')?.0.split(' ').collect();
    let [process, keep, device, inode] = words[..] else { return None };
    let folder = match (device, inode) {
        ("", "") => None,
        _ => Some((device.parse().ok()?, inode.parse().ok()?)),
    };
    let keep = match keep {
        "kept" => true,
        "temporary" => false,
        _ => return None,
    };
    Some(Made { process: process.parse().ok()?, folder, keep })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Project(tempfile::TempDir);

    impl Project {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            std::fs::create_dir(folder.path().join("app")).unwrap();
            Self(folder)
        }

        fn take(&self) -> Result<Claim, ClaimError> {
            Claim::take(self.0.path(), "app", ".dev-1.0.0")
        }

        fn sweep(&self) -> Vec<String> {
            let swept = sweep(self.0.path(), "app");
            swept.into_iter().map(|swept| format!("{} {:?}", swept.path, swept.removed.is_ok())).collect()
        }

        fn names(&self) -> Vec<String> {
            let entries = std::fs::read_dir(self.0.path().join("app")).unwrap();
            let mut names: Vec<String> =
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        }

        fn path(&self, name: &str) -> std::path::PathBuf {
            self.0.path().join("app").join(name)
        }

        /// A folder as a run leaves it that is killed: the lock is gone, everything else is there.
        fn leave(&self) {
            let claim = self.take().unwrap();
            claim.write("conf/file", b"old", 0o644).unwrap();
            let Claim { parent, dir, marker, .. } = &claim;
            let copies = (parent.try_clone().unwrap(), dir.try_clone().unwrap(), marker.metadata().unwrap());
            drop(copies);
            let marker = std::fs::read(self.path(".dev-1.0.0~bakery")).unwrap();
            let kept = self.path("kept");
            std::fs::rename(self.path(".dev-1.0.0"), &kept).unwrap();
            drop(claim);
            std::fs::rename(&kept, self.path(".dev-1.0.0")).unwrap();
            std::fs::write(self.path(".dev-1.0.0~bakery"), marker).unwrap();
        }
    }

    #[test]
    fn a_folder_lives_as_long_as_its_claim() {
        let project = Project::new();
        let claim = project.take().unwrap();
        claim.write("a/b/file", b"x", 0o4555).unwrap();
        let written = project.path(".dev-1.0.0/a/b/file");
        assert_eq!(std::fs::read(&written).unwrap(), b"x");
        assert_eq!(written.metadata().unwrap().permissions().mode() & 0o7777, 0o555);
        assert!(claim.write("a/b/file", b"y", 0o644).is_err(), "twice");
        assert!(claim.write("../out", b"y", 0o644).is_err(), "out of the folder");
        assert_eq!(project.names(), [".dev-1.0.0", ".dev-1.0.0~bakery"]);
        drop(claim);
        assert_eq!(project.names(), [""; 0]);
        project.take().unwrap().remove().unwrap();
        assert_eq!(project.names(), [""; 0]);
    }

    #[test]
    fn a_folder_in_use_is_left_alone() {
        let project = Project::new();
        let claim = project.take().unwrap();
        let error = project.take().unwrap_err();
        let own = std::process::id();
        assert_eq!(
            error.to_string(),
            format!("`app/.dev-1.0.0` is in use by another run of bakery (process {own})")
        );
        assert_eq!(project.sweep(), [""; 0]);
        assert_eq!(project.names(), [".dev-1.0.0", ".dev-1.0.0~bakery"]);
        drop(claim);
    }

    #[test]
    fn what_a_dead_run_left_is_removed_and_emptied() {
        let project = Project::new();
        project.leave();
        assert_eq!(project.sweep(), ["app/.dev-1.0.0 true"]);
        assert_eq!(project.names(), [""; 0]);
        project.leave();
        let claim = project.take().unwrap();
        assert!(!project.path(".dev-1.0.0/conf").exists(), "emptied first");
        drop(claim);
    }

    #[test]
    fn a_kept_folder_stays_and_is_used_again() {
        let project = Project::new();
        let claim = project.take().unwrap();
        claim.write("file", b"x", 0o644).unwrap();
        claim.keep().unwrap();
        assert_eq!(project.sweep(), [""; 0]);
        assert!(project.path(".dev-1.0.0/file").exists());
        let claim = project.take().unwrap();
        assert!(!project.path(".dev-1.0.0/file").exists(), "emptied first");
        drop(claim);
        assert_eq!(project.names(), [""; 0]);
    }

    #[test]
    fn what_the_user_made_is_never_removed() {
        for content in [None, Some("file")] {
            let project = Project::new();
            std::fs::create_dir(project.path(".dev-1.0.0")).unwrap();
            if let Some(name) = content {
                std::fs::write(project.path(".dev-1.0.0").join(name), "mine").unwrap();
            }
            let error = project.take().unwrap_err();
            assert_eq!(error.to_string(), "`app/.dev-1.0.0` is there already, and bakery did not make it");
            assert_eq!(project.sweep(), [""; 0]);
            assert_eq!(project.names(), [".dev-1.0.0"], "and no marker stays that would make it ours");
        }
    }

    #[test]
    fn a_folder_that_took_the_place_of_ours_is_the_user_s() {
        let project = Project::new();
        project.leave();
        std::fs::rename(project.path(".dev-1.0.0"), project.path("away")).unwrap();
        std::fs::create_dir(project.path(".dev-1.0.0")).unwrap();
        std::fs::write(project.path(".dev-1.0.0/mine"), "x").unwrap();
        assert!(matches!(project.take().unwrap_err(), ClaimError::Foreign(_)));
        project.leave_marker_of("away");
        assert_eq!(project.sweep(), [""; 0]);
        assert!(project.path(".dev-1.0.0/mine").exists());
    }

    impl Project {
        /// A marker that speaks of a folder under another name.
        fn leave_marker_of(&self, name: &str) {
            let found = self.path(name).metadata().unwrap();
            let (device, inode) = (found.dev(), found.ino());
            std::fs::write(self.path(".dev-1.0.0~bakery"), format!("1 temporary {device} {inode}\n"))
                .unwrap();
        }
    }

    #[test]
    fn a_run_that_was_killed_while_it_made_the_folder_leaves_nothing_of_the_user_s_in_danger() {
        let project = Project::new();
        std::fs::write(project.path(".dev-1.0.0~bakery"), "1 temporary  \n").unwrap();
        assert_eq!(project.sweep(), [""; 0]);
        assert_eq!(project.names(), [""; 0], "a marker alone goes");
        std::fs::write(project.path(".dev-1.0.0~bakery"), "1 temporary  \n").unwrap();
        std::fs::create_dir(project.path(".dev-1.0.0")).unwrap();
        assert_eq!(project.sweep(), ["app/.dev-1.0.0 true"], "an empty folder was being made");
        std::fs::write(project.path(".dev-1.0.0~bakery"), "1 temporary  \n").unwrap();
        std::fs::create_dir(project.path(".dev-1.0.0")).unwrap();
        std::fs::write(project.path(".dev-1.0.0/mine"), "x").unwrap();
        assert_eq!(project.sweep(), [""; 0]);
        assert_eq!(project.names(), [".dev-1.0.0"], "anything else is the user's");
    }

    #[test]
    fn a_marker_that_says_anything_else_claims_nothing() {
        for text in ["", "x", "1 temporary 1\n", "1 temporary a b\n", "1 whatever 1 2\n", "\u{0}\u{0}\n"] {
            let project = Project::new();
            std::fs::create_dir(project.path(".dev-1.0.0")).unwrap();
            std::fs::write(project.path(".dev-1.0.0~bakery"), text).unwrap();
            assert_eq!(project.sweep(), [""; 0], "{text:?}");
            assert_eq!(project.names(), [".dev-1.0.0"], "{text:?}");
        }
        let project = Project::new();
        std::os::unix::fs::symlink("elsewhere", project.path(".dev-1.0.0~bakery")).unwrap();
        assert!(matches!(project.take().unwrap_err(), ClaimError::Io { .. }));
        assert!(!project.path("elsewhere").exists());
    }

    #[test]
    fn links_are_not_followed_when_a_folder_is_removed() {
        let project = Project::new();
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("mine"), "x").unwrap();
        let claim = project.take().unwrap();
        std::os::unix::fs::symlink(outside.path(), project.path(".dev-1.0.0/link")).unwrap();
        drop(claim);
        assert_eq!(project.names(), [""; 0]);
        assert!(outside.path().join("mine").exists());
    }
}
