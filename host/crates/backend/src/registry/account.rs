//! Counts what goes over the wire, for one target. Knows nothing of what it was for.

use std::sync::atomic::{AtomicU64, Ordering};

use bakery_core::port::registry::Traffic;

/// A running count.
#[derive(Default)]
pub(super) struct Account {
    requests: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
}

impl Account {
    pub(super) fn request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn sent(&self, bytes: u64) {
        self.sent.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn received(&self, bytes: u64) {
        self.received.fetch_add(bytes, Ordering::Relaxed);
    }

    /// So far.
    pub(super) fn traffic(&self) -> Traffic {
        Traffic {
            requests: self.requests.load(Ordering::Relaxed),
            sent: self.sent.load(Ordering::Relaxed),
            received: self.received.load(Ordering::Relaxed),
        }
    }
}
