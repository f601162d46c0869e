//! The gate itself: what its parts share. The loop is in `attempt`, guests' requests in `fetch`.

use std::sync::Arc;

use bakery_core::port::Event;
use tokio::time::Instant;

use crate::{lane::Lanes, memo::Memo, options::GateOptions};

/// Where every effect passes. Cheap to clone; clones share permits, pauses and answers.
#[derive(Clone)]
pub struct Gate {
    pub(crate) inner: Arc<Inner>,
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
        let lanes = Lanes::new(options.per_host);
        let memo = Arc::new(Memo::new(options.limits.memo_bytes));
        Self { inner: Arc::new(Inner { options, lanes, memo }) }
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

    pub(crate) fn emit(&self, event: Event) {
        self.inner.options.events.emit(event);
    }
}
