//! Descriptors: those that nobody meant to hand on, and the three that every process has.

use std::{
    fs::File,
    io,
    os::{
        fd::{AsFd as _, OwnedFd, RawFd},
        unix::net::UnixStream,
    },
};

/// The first descriptor that is not standard input, output or error.
const FIRST: RawFd = 3;

/// Without `/proc` nobody says which descriptors are open.
const LAST_GUESSED: RawFd = 1024;

/// Closes everything but standard input, output and error. Must be called before anything else is opened.
pub(super) fn close_inherited() {
    let open: Vec<RawFd> = match std::fs::read_dir("/proc/self/fd") {
        Ok(entries) => {
            entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
        }
        Err(_) => (FIRST..LAST_GUESSED).collect(),
    };
    for descriptor in open.into_iter().filter(|descriptor| *descriptor >= FIRST) {
        // The descriptor that listed the others is closed already.
        let _ = nix::unistd::close(descriptor);
    }
}

/// The socket on standard input, which is empty afterwards. No child inherits the socket.
pub(super) fn take_stdin() -> io::Result<UnixStream> {
    let socket = rustix::io::fcntl_dupfd_cloexec(std::io::stdin().as_fd(), FIRST)?;
    rustix::stdio::dup2_stdin(nothing()?)?;
    Ok(socket.into())
}

/// Lets go of standard output and error, which now belong to somebody else alone.
pub(super) fn release_outputs() -> io::Result<()> {
    let nothing = nothing()?;
    rustix::stdio::dup2_stdout(&nothing)?;
    rustix::stdio::dup2_stderr(&nothing)?;
    Ok(())
}

fn nothing() -> io::Result<OwnedFd> {
    Ok(File::options().read(true).write(true).open("/dev/null")?.into())
}
