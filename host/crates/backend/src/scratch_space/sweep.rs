//! Removes what dead runs left: folders of this user that carry our marker and that no living process holds. Touches
//! nothing else.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
    time::{Duration, SystemTime},
};

use rustix::fs::OFlags;

use super::{
    own::{LOCK, MARKER, PREFIX},
    remove::remove_tree,
};
use crate::files::read_stream;

/// After this time, a folder without a marker was left by somebody who ended while making it.
const MAKING: Duration = Duration::from_secs(600);

/// Looks once at every folder below `base`; gives how many it removed. What cannot be looked at stays.
pub(super) fn sweep(base: &Path) -> usize {
    let entries = fs::read_dir(base).into_iter().flatten().flatten();
    let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
    named.filter(|entry| sweep_one(&entry.path()).unwrap_or(false)).count()
}

fn sweep_one(folder: &Path) -> io::Result<bool> {
    let data = fs::symlink_metadata(folder)?;
    let own = rustix::process::geteuid().as_raw();
    // Others could have put anything there.
    if !data.is_dir() || data.uid() != own || data.mode() & 0o077 != 0 {
        return Ok(false);
    }
    let lock = match open(&folder.join(LOCK)) {
        Ok(lock) => lock,
        Err(error) if error.kind() == io::ErrorKind::NotFound && is_old(&data) => {
            return Ok(fs::remove_dir(folder).is_ok());
        }
        Err(error) => return Err(error),
    };
    if lock.try_lock().is_err() {
        return Ok(false);
    }
    match &read_stream(&lock, MARKER.len() as u64)?[..] {
        MARKER => remove_tree(folder).map(|()| true),
        // Nothing but an empty lock: whoever made it ended on the way.
        [] if is_old(&data) && fs::read_dir(folder)?.count() == 1 => remove_tree(folder).map(|()| true),
        _ => Ok(false),
    }
}

/// A regular file that is no link.
fn open(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    let file = OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

fn is_old(data: &fs::Metadata) -> bool {
    let age = data.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok());
    age.is_some_and(|age| age > MAKING)
}

#[cfg(test)]
mod tests {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt as _};

    use super::{super::own::OwnFolder, *};

    fn dead(base: &Path) -> std::path::PathBuf {
        let folder = OwnFolder::make(base).unwrap();
        let path = folder.path().to_owned();
        fs::create_dir(path.join("space")).unwrap();
        fs::write(path.join("space/file"), "x").unwrap();
        path
    }

    #[test]
    fn what_a_dead_run_left_goes_and_what_a_living_one_holds_stays() {
        let base = tempfile::tempdir().unwrap();
        let living = OwnFolder::make(base.path()).unwrap();
        let left = dead(base.path());
        assert_eq!(sweep(base.path()), 1);
        assert!(!left.exists() && living.path().join(LOCK).exists());
        let path = living.path().to_owned();
        drop(living);
        assert_eq!(sweep(base.path()), 1);
        assert!(!path.exists());
    }

    #[test]
    fn nothing_that_is_not_ours_for_certain_is_touched() {
        let base = tempfile::tempdir().unwrap();
        let named = |name: &str| base.path().join(format!("{PREFIX}{name}"));
        let make = |name: &str, mode: u32| {
            fs::create_dir(named(name)).unwrap();
            fs::set_permissions(named(name), Permissions::from_mode(mode)).unwrap();
        };
        // No marker, another marker, a marker behind a link, a folder that others may enter, a link to a folder, and
        // a name of somebody else.
        make("bare", 0o700);
        make("other", 0o700);
        fs::write(named("other").join(LOCK), "something else\n").unwrap();
        make("linked", 0o700);
        fs::write(base.path().join("marker"), MARKER).unwrap();
        std::os::unix::fs::symlink(base.path().join("marker"), named("linked").join(LOCK)).unwrap();
        let open = dead(base.path());
        fs::set_permissions(&open, Permissions::from_mode(0o755)).unwrap();
        let aside = base.path().join("aside");
        fs::rename(dead(base.path()), &aside).unwrap();
        std::os::unix::fs::symlink(&aside, named("link")).unwrap();
        assert_eq!(sweep(base.path()), 0);
        assert!(named("bare").exists() && named("other").exists() && named("linked").exists());
        assert!(open.join("space/file").exists() && aside.join("space/file").exists());
    }

    #[test]
    fn what_was_left_while_it_was_made_goes_when_it_is_old_and_empty() {
        let base = tempfile::tempdir().unwrap();
        let long_ago = SystemTime::now() - 2 * MAKING;
        let make = |name: &str, files: &[&str]| {
            let folder = base.path().join(format!("{PREFIX}{name}"));
            fs::create_dir(&folder).unwrap();
            files.iter().for_each(|file| fs::write(folder.join(file), "").unwrap());
            fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
            File::open(&folder).unwrap().set_modified(long_ago).unwrap();
            folder
        };
        let (bare, locked, full) =
            (make("bare", &[]), make("locked", &[LOCK]), make("full", &[LOCK, "file"]));
        assert_eq!(sweep(base.path()), 2);
        assert!(!bare.exists() && !locked.exists() && full.exists());
    }
}
