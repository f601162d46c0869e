//! The gate itself: what its parts share. The loop is in `attempt`, guests' requests in `fetch`.

use std::sync::Arc;

use bakery_core::port::{Event, EventSink};
use tokio::time::Instant;

use crate::{lane::Lanes, memo::Memo, options::GateOptions};

/// Where every effect passes. Cheap to clone; clones share permits, pauses and answers.
#[derive(Clone)]
pub struct Gate {
    pub(crate) inner: Arc<Inner>,
    events: Arc<dyn EventSink>,
}

pub(crate) struct Inner {
    pub(crate) options: GateOptions,
    pub(crate) lanes: Lanes,
    pub(crate) memo: Arc<Memo>,
}

impl Gate {
    /// A gate for one run.
    #[must_use]
    pub fn new(options: GateOptions) -> Self {
        let lanes = Lanes::new(options.per_host, options.budget);
        let memo = Arc::new(Memo::new(options.limits.memo_bytes));
        let events = Arc::clone(&options.events);
        Self { inner: Arc::new(Inner { options, lanes, memo }), events }
    }

    /// The same gate with a listener of its own: permits, pauses and answers stay shared.
    #[must_use]
    pub fn with_events(&self, events: Arc<dyn EventSink>) -> Self {
        Self { inner: Arc::clone(&self.inner), events }
    }

    /// Completes when the run is cancelled.
    pub async fn cancelled(&self) {
        self.inner.options.cancel.cancelled().await;
    }

    /// Whether the run is cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.inner.options.cancel.is_cancelled()
    }

    /// The gate's clock, for [`crate::Caller::fresh_since`] and [`crate::Caller::deadline`].
    #[must_use]
    pub fn now(&self) -> Instant {
        Instant::now()
    }

    /// Tells whoever listens what happened around the effects that pass here.
    pub fn emit(&self, event: Event) {
        self.events.emit(event);
    }
}
