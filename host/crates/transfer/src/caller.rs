//! Who asks, and what it may.

use std::time::Duration;

use bakery_core::policy::RegistryGrants;
use bakery_gate::Instant;

/// Who asks.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The component, for events.
    pub component: String,
    /// What it may read and write.
    pub grants: RegistryGrants,
    /// For how long what was just written elsewhere may lag.
    pub window: Duration,
    /// When the caller's time is over.
    pub deadline: Option<Instant>,
}

impl Caller {
    /// The shorter of `time` and what is left until the deadline.
    pub(crate) fn at_most(&self, time: Duration, now: Instant) -> Duration {
        self.deadline.map_or(time, |deadline| time.min(deadline.saturating_duration_since(now)))
    }
}
