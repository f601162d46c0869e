//! Ctrl-C and SIGTERM, one after the other. Says that they came; what is done about them is not its business.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::report::Exit;

/// Signals from now on. Made inside a runtime.
pub(super) struct Signals {
    streams: Option<(Signal, Signal)>,
}

impl Signals {
    /// Listens from now on; where the system does not let us, signals do what they do by default.
    pub(super) fn listen() -> Self {
        let interrupt = signal(SignalKind::interrupt());
        let terminate = signal(SignalKind::terminate());
        Self { streams: interrupt.ok().zip(terminate.ok()) }
    }

    /// Completes when the user or the system wants the run to end.
    pub(super) async fn next(&mut self) -> Exit {
        let Some((interrupt, terminate)) = &mut self.streams else { return std::future::pending().await };
        tokio::select! {
            _ = interrupt.recv() => Exit::Interrupted,
            _ = terminate.recv() => Exit::Terminated,
        }
    }

    /// Ends the program at the next signal, whatever it is doing then.
    pub(super) async fn end_at_next(mut self) {
        let exit = self.next().await;
        std::process::exit(exit.code().into());
    }
}
