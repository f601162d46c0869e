//! Measures how long a guest really runs: the time during which its future is polled, so that waiting for the
//! network, or for other guests on the same thread, costs it nothing. Decides nothing.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

/// The stopwatch of one call, shared by the call's future and its store.
#[derive(Clone, Debug)]
pub(crate) struct Meter(Arc<Watch>);

#[derive(Debug)]
struct Watch {
    origin: Instant,
    /// Nanoseconds of finished polls.
    spent: AtomicU64,
    /// Nanoseconds from `origin` to the start of the poll that is running.
    since: AtomicU64,
}

impl Meter {
    /// A stopwatch at zero.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Watch { origin: Instant::now(), spent: AtomicU64::new(0), since: AtomicU64::new(0) }))
    }

    /// How long the guest has run, the current poll included. To be asked from inside the metered future.
    pub(crate) fn spent(&self) -> Duration {
        let running = self.now().saturating_sub(self.0.since.load(Relaxed));
        Duration::from_nanos(self.0.spent.load(Relaxed).saturating_add(running))
    }

    /// The future, measured.
    pub(crate) fn measure<F: Future + Unpin>(&self, future: F) -> Measured<F> {
        Measured { future, meter: self.clone() }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.origin.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// See [`Meter::measure`].
pub(crate) struct Measured<F> {
    future: F,
    meter: Meter,
}

impl<F: Future + Unpin> Future for Measured<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let begun = self.meter.now();
        self.meter.0.since.store(begun, Relaxed);
        let answer = Pin::new(&mut self.future).poll(context);
        let ended = self.meter.now();
        self.meter.0.spent.fetch_add(ended.saturating_sub(begun), Relaxed);
        self.meter.0.since.store(ended, Relaxed);
        answer
    }
}
