//! A control group for one command, where the system lets us make one: what forks into it cannot leave it, and one
//! write ends all of it. Sets no limits.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// The group of one command.
pub(in crate::command) struct Cgroup {
    folder: PathBuf,
}

impl Cgroup {
    /// A new group below our own, where version 2 is mounted, its part below us may be written, and the kernel can end
    /// a whole group (Linux 5.14).
    pub(super) fn make(proc: &Path) -> Option<Self> {
        let group = Self::of(proc, std::process::id())?;
        fs::create_dir(&group.folder).ok()?;
        if group.folder.join("cgroup.kill").exists() {
            Some(group)
        } else {
            group.remove();
            None
        }
    }

    /// Ends and removes the group of a supervisor that was itself ended, where it had one. Its number must still be
    /// its own: nobody has waited for it.
    pub(in crate::command) fn end_left_by(proc: &Path, supervisor: u32) {
        if let Some(group) = Self::of(proc, supervisor).filter(|group| group.folder.exists()) {
            group.kill();
            group.remove();
        }
    }

    fn of(proc: &Path, supervisor: u32) -> Option<Self> {
        let own = own_folder(
            &fs::read_to_string(proc.join("self/mountinfo")).ok()?,
            &fs::read_to_string(proc.join("self/cgroup")).ok()?,
        )?;
        Some(Self { folder: own.join(format!("bakery-{supervisor}")) })
    }

    /// Takes a process in; gives whether it is in.
    pub(super) fn admit(&self, pid: u32) -> bool {
        fs::write(self.folder.join("cgroup.procs"), pid.to_string()).is_ok()
    }

    /// Ends everything in the group, whoever it belongs to and whatever it forks.
    pub(super) fn kill(&self) {
        // What is left afterwards is found by other means.
        let _ = fs::write(self.folder.join("cgroup.kill"), "1");
    }

    /// Removes the empty group.
    pub(super) fn remove(self) {
        // The kernel lets go of the last process a moment after it was waited for.
        for _ in 0..100 {
            match fs::remove_dir(&self.folder) {
                Err(error) if error.kind() == std::io::ErrorKind::ResourceBusy => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                _ => return,
            }
        }
    }
}

/// Where our own group of version 2 is mounted.
fn own_folder(mountinfo: &str, cgroup: &str) -> Option<PathBuf> {
    let own = Path::new(cgroup.lines().find_map(|line| line.strip_prefix("0::"))?);
    mountinfo.lines().find_map(|line| {
        // `id parent device root mount-point options [optional]... - type source options`
        let (mount, kind) = line.split_once(" - ")?;
        if !kind.starts_with("cgroup2 ") {
            return None;
        }
        let mut fields = mount.split(' ').skip(3);
        let (root, point) = (fields.next()?, fields.next()?);
        // A group above the mount's root is none that we can reach; an escaped path is none that we want.
        let below = own.strip_prefix(root).ok().filter(|_| !point.contains('\\'))?;
        (!below.components().any(|part| part == std::path::Component::ParentDir))
            .then(|| Path::new(point).join(below))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(root: &str, own: &str, expected: Option<&str>) {
        let mountinfo = format!(
            "24 1 0:22 / /proc rw - proc proc rw\n\
             30 24 0:26 {root} /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
        );
        let cgroup = format!("3:cpu:/x\n0::{own}\n");
        assert_eq!(own_folder(&mountinfo, &cgroup).as_deref(), expected.map(Path::new), "{root} {own}");
    }

    #[test]
    fn our_own_group_is_found_where_it_is_mounted() {
        check("/", "/", Some("/sys/fs/cgroup/"));
        check("/", "/user.slice/a.scope", Some("/sys/fs/cgroup/user.slice/a.scope"));
        check("/docker/abc", "/docker/abc/x", Some("/sys/fs/cgroup/x"));
        check("/docker/abc", "/docker/other", None);
        check("/", "/../../x", None);
        assert_eq!(own_folder("", "0::/\n"), None);
        assert_eq!(own_folder("30 24 0:26 / /c rw - cgroup2 c rw\n", "3:cpu:/\n"), None);
    }
}
