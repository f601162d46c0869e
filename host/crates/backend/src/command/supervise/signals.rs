//! What happens to signals: the supervisor reads them, the program gets them as on the first day. Sends none.

use std::io;

use nix::sys::{
    signal::{SigSet, Signal},
    signalfd::{SfdFlags, SignalFd},
};
use tokio::signal::unix::{SignalKind, signal};

/// From now on, signals that would end this process are read, and so are the ends of children.
pub(super) fn listen() -> io::Result<SignalFd> {
    let set: SigSet = [Signal::SIGCHLD, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGQUIT]
        .into_iter()
        .collect();
    set.thread_block()?;
    Ok(SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?)
}

/// Whether one of the signals that waited means the end.
pub(super) fn ask_to_end(signals: &SignalFd) -> bool {
    let mut ask = false;
    while let Ok(Some(signal)) = signals.read_signal() {
        ask |= signal.ssi_signo != Signal::SIGCHLD as u32;
    }
    ask
}

/// Blocks nothing: what is blocked here would stay blocked in the program.
pub(super) fn unblock() -> io::Result<()> {
    Ok(SigSet::empty().thread_set_mask()?)
}

/// Ignores nothing once the program starts. What this process, or whoever started bakery, ignores stays ignored in a
/// program; what it handles does not. So it handles everything, for a moment.
pub(super) fn by_default() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let _context = runtime.enter();
    for kind in [
        SignalKind::pipe(),
        SignalKind::hangup(),
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::quit(),
        SignalKind::child(),
        SignalKind::alarm(),
        SignalKind::user_defined1(),
        SignalKind::user_defined2(),
    ] {
        // The handler stays when its listener goes.
        drop(signal(kind)?);
    }
    Ok(())
}
