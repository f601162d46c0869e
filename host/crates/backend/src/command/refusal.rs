//! Why a program did not start, in words for whoever can mend it. Starts nothing.

use std::io;

use bakery_core::port::{Failure, FailureKind, command::Invocation};
use rustix::io::Errno;

use super::wire::{Refused, Step};

/// The failure for a program that its starter could not become.
pub(super) fn failure(invocation: &Invocation, refused: &Refused) -> Failure {
    let name = invocation.name();
    let program = invocation.program().display();
    let new = |kind, message: String| Failure::new(kind, name, message);
    if refused.step == Step::Compare {
        let granted = invocation.digest().map(ToString::to_string).unwrap_or_default();
        let message = format!(
            "`{program}` is not the program that was granted: its digest is `{}`, not `{granted}`",
            refused.detail
        );
        return new(FailureKind::Denied, message)
            .with_hint(format!("if the new program is meant, change the digest of `{name}` in its grant"));
    }
    let errno = refused.errno.map(Errno::from_raw_os_error);
    // What may pass by itself: other processes end, another program finishes writing the file.
    if let Some(Errno::AGAIN | Errno::NOMEM | Errno::MFILE | Errno::NFILE) = errno {
        return new(
            FailureKind::Unavailable,
            format!("`{program}` cannot be started now: {}", refused.detail),
        );
    }
    match (refused.step, errno) {
        (Step::Exec, Some(Errno::TXTBSY)) => new(
            FailureKind::Unavailable,
            format!("`{program}` cannot be started now: its file is open for writing"),
        ),
        (Step::Exec | Step::Read, Some(Errno::NOENT)) if invocation.program().exists() => new(
            FailureKind::InvalidInput,
            format!("`{program}` cannot be started: the interpreter that it names does not exist"),
        ),
        (Step::Exec | Step::Read, Some(Errno::NOENT | Errno::NOTDIR)) => {
            new(FailureKind::InvalidInput, format!("`{program}` does not exist"))
                .with_hint(format!("install `{name}`, or grant the path where it is"))
        }
        (Step::Exec | Step::Read, Some(Errno::ACCESS | Errno::PERM)) => {
            new(FailureKind::InvalidInput, format!("`{program}` may not be executed"))
                .with_hint(format!("look at the permissions of `{program}` and of the folders above it"))
        }
        (Step::Exec, Some(Errno::NOEXEC)) => {
            new(FailureKind::InvalidInput, format!("`{program}` is not a program for this machine"))
        }
        (Step::Exec, Some(Errno::TOOBIG)) => new(
            FailureKind::InvalidInput,
            format!("`{program}` cannot be started: its arguments and environment are too long"),
        ),
        (Step::Exec, None) => {
            new(FailureKind::InvalidInput, format!("`{program}` cannot be started: {}", refused.detail))
        }
        (Step::Folder, _) => new(
            FailureKind::Internal,
            format!(
                "`{name}` cannot be started in `{}`: {}",
                invocation.scratch().unwrap_or("/".as_ref()).display(),
                refused.detail
            ),
        ),
        _ => new(FailureKind::Internal, format!("`{program}` cannot be started: {}", refused.detail)),
    }
}

/// The failure for a supervisor that could not be started or spoken to.
pub(super) fn supervisor(invocation: &Invocation, error: &io::Error) -> Failure {
    let kind = match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::AGAIN | Errno::NOMEM | Errno::MFILE | Errno::NFILE) => FailureKind::Unavailable,
        _ => FailureKind::Internal,
    };
    let name = invocation.name();
    Failure::new(kind, name, format!("the supervisor of `{name}` cannot be started: {error}"))
}
