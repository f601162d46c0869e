//! A panic in a guest is a bare trap, so this says what happened before it.
//! It cannot and must not keep the guest alive.

/// Installs a hook that writes the message and the place of a panic to the log. Call it first in every export.
pub fn report_panics() {
    use crate::host::progress::{Level, log};
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(|at| format!(" at {}:{}", at.file(), at.line())).unwrap_or_default();
        log(Level::Warn, &format!("panicked{place}: {}", info.payload_as_str().unwrap_or("no message")));
    }));
}
