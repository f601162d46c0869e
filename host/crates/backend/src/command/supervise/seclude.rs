//! Cuts this process off from the network, where the system lets us: a namespace with nothing in it.

use std::{fs, io};

use nix::sched::{CloneFlags, unshare};

/// Leaves every network; gives whether that worked. Must be called while there is one thread.
pub(super) fn close_network() -> bool {
    unshare(CloneFlags::CLONE_NEWNET).is_ok() || as_ordinary_user().is_ok()
}

/// An ordinary user may do so in a user namespace of its own, in which it stays the user that it is.
fn as_ordinary_user() -> io::Result<()> {
    let (user, group) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET)?;
    // Without the maps every file would belong to nobody.
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("{group} {group} 1"))
}
