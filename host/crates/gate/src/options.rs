//! What the wiring gives the gate. Reads no environment.

use std::sync::Arc;

use bakery_core::{
    policy::{BudgetPolicy, HedgePolicy, HttpLimits, Mirrors, RetryPolicy},
    port::{EventSink, Http},
};
use tokio_util::sync::CancellationToken;

/// Everything a gate needs.
pub struct GateOptions {
    /// How often, how far apart, and from which seed.
    pub retry: RetryPolicy,
    /// Requests in flight per origin, at most; 0 means 1. A host that has too many gets fewer for a while.
    pub per_host: usize,
    /// How many retries of registry operations a host is worth.
    pub budget: BudgetPolicy,
    /// When a slow read of a manifest is asked a second time.
    pub hedge: HedgePolicy,
    /// Bounds of guests' requests.
    pub limits: HttpLimits,
    /// Where requests really go.
    pub mirrors: Mirrors,
    /// Who listens.
    pub events: Arc<dyn EventSink>,
    /// Ends every wait and every attempt.
    pub cancel: CancellationToken,
    /// The backend.
    pub http: Arc<dyn Http>,
}

impl GateOptions {
    /// The defaults, with the two things that have none.
    pub fn new(http: Arc<dyn Http>, events: Arc<dyn EventSink>) -> Self {
        Self {
            retry: RetryPolicy::default(),
            per_host: 16,
            budget: BudgetPolicy::default(),
            hedge: HedgePolicy::default(),
            limits: HttpLimits::default(),
            mirrors: Mirrors::default(),
            events,
            cancel: CancellationToken::new(),
            http,
        }
    }
}
