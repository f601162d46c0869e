//! The lock's file: read, and changed by one process at a time.

use bakery_backend::state::Owner;
use bakery_dev::lock::{Lock, LockError, MAX_BYTES};

use super::place::Place;
use crate::command::Failed;

/// The name of the file.
pub(super) const FILE: &str = "dev-lock.json";
const OWNER: &str = "dev-owner";

/// The lock; none where there is none.
pub(super) fn read(place: &Place) -> Result<Option<Lock>, LockError> {
    match place.state.read(FILE, MAX_BYTES) {
        Ok(None) => Ok(None),
        Ok(Some(bytes)) => Lock::from_bytes(&bytes).map(Some),
        Err(error) => Err(LockError::Damaged(error.to_string())),
    }
}

/// The right to change the lock.
pub(super) fn own(place: &Place) -> Result<Owner, Failed> {
    match place.state.own(OWNER) {
        Ok(Some(owner)) => Ok(owner),
        Ok(None) => Err(Failed::because("another bakery changes development images of this worktree")
            .hint("wait until it is done")),
        Err(error) => Err(failed(place, &error)),
    }
}

/// Writes the lock.
pub(super) fn write(place: &Place, owner: &Owner, lock: &Lock) -> Result<(), Failed> {
    place.state.write(owner, FILE, &lock.to_bytes()).map_err(|error| failed(place, &error))
}

/// Whether a lock was written for this place.
pub(super) fn is_ours(place: &Place, lock: &Lock) -> bool {
    lock.worktree == place.worktree_name() && lock.project == place.prefix
}

fn failed(place: &Place, error: &std::io::Error) -> Failed {
    Failed::because(format!("cannot write `{}`: {error}", place.state.path(FILE).display()))
}
