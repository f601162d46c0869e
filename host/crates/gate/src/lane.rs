//! One lane per host: permits in the order of asking, pauses that hold for every caller, and what was learned about
//! the host. Retries nothing, and decides nothing: the figures are `bakery_core::policy`.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bakery_core::policy::{Budget, BudgetPolicy, Cause, HedgePolicy, Latencies, Throttle};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep_until},
};

use crate::clock::after;

/// Every host of a run.
#[derive(Debug)]
pub(crate) struct Lanes {
    per_host: usize,
    budget: BudgetPolicy,
    lanes: Mutex<HashMap<String, Arc<Lane>>>,
}

impl Lanes {
    pub(crate) fn new(per_host: usize, budget: BudgetPolicy) -> Self {
        Self { per_host: per_host.clamp(1, Semaphore::MAX_PERMITS), budget, lanes: Mutex::default() }
    }

    /// The lane of an origin.
    pub(crate) fn lane(&self, origin: &str) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane =
            lanes.entry(origin.to_owned()).or_insert_with(|| Arc::new(Lane::new(self.per_host, self.budget)));
        Arc::clone(lane)
    }
}

/// One host.
#[derive(Debug)]
pub(crate) struct Lane {
    slots: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    paused_until: Option<Instant>,
    throttle: Throttle,
    /// What began before is no news about how many requests are too many.
    throttled_at: Option<Instant>,
    /// Slots that exist beyond what is allowed: they vanish when they are given back.
    surplus: usize,
    budget: Budget,
    latencies: Latencies,
    /// When the next look at something that is still propagating may begin.
    next_look: Option<Instant>,
}

/// The host asked for more time than the caller has.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PausedTooLong(pub(crate) Duration);

/// A place among the requests in flight. Given back when dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    lane: Arc<Lane>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.lane.state();
        if state.surplus > 0
            && let Some(permit) = self.permit.take()
        {
            state.surplus -= 1;
            permit.forget();
        }
    }
}

impl Lane {
    fn new(per_host: usize, budget: BudgetPolicy) -> Self {
        let state = State {
            paused_until: None,
            throttle: Throttle::new(per_host),
            throttled_at: None,
            surplus: 0,
            budget: Budget::new(budget),
            latencies: Latencies::default(),
            next_look: None,
        };
        Self { slots: Arc::new(Semaphore::new(per_host)), state: Mutex::new(state) }
    }

    /// Waits for a slot, first come first served, and then for the end of the pause.
    pub(crate) async fn enter(self: &Arc<Self>, ends: Instant) -> Result<Slot, PausedTooLong> {
        self.pause_within(ends)?;
        let permit =
            Arc::clone(&self.slots).acquire_owned().await.expect("the semaphore of a lane is never closed");
        let slot = Slot { lane: Arc::clone(self), permit: Some(permit) };
        // The slot is kept during the pause: nobody else may go either, and the order of asking holds.
        while let Some(until) = self.pause_within(ends)? {
            sleep_until(until).await;
        }
        Ok(slot)
    }

    /// A slot for a second request, where nobody misses it: the host is well and the lane is not full.
    pub(crate) fn spare(self: &Arc<Self>) -> Option<Slot> {
        let state = self.state();
        let paused = state.paused_until.is_some_and(|until| until > Instant::now());
        if paused || state.throttle.is_reduced() || state.budget.is_low() {
            return None;
        }
        let permit = Arc::clone(&self.slots).try_acquire_owned().ok()?;
        Some(Slot { lane: Arc::clone(self), permit: Some(permit) })
    }

    /// Holds every caller back for `duration` from now.
    pub(crate) fn pause(&self, duration: Duration) {
        let until = after(Instant::now(), duration);
        let mut state = self.state();
        state.paused_until = Some(state.paused_until.map_or(until, |known| known.max(until)));
    }

    /// A request that began at `began` was one too many: half as many may be in flight. Those that were in flight
    /// with it say the same and change nothing.
    pub(crate) fn throttle(&self, began: Instant) {
        let mut state = self.state();
        if state.throttled_at.is_some_and(|at| began < at) {
            return;
        }
        state.throttled_at = Some(Instant::now());
        let before = state.throttle.allowed();
        state.throttle.reduce();
        let fewer = before - state.throttle.allowed();
        // Those that are in use cannot be taken away now.
        state.surplus += fewer - self.slots.forget_permits(fewer);
    }

    /// A request succeeded.
    pub(crate) fn succeed(&self) {
        let mut state = self.state();
        state.budget.refund();
        let before = state.throttle.allowed();
        state.throttle.succeed();
        if state.throttle.allowed() > before {
            if state.surplus > 0 {
                state.surplus -= 1;
            } else {
                self.slots.add_permits(1);
            }
        }
    }

    /// Pays for a retry; `false` where the host is not worth another one.
    pub(crate) fn pay(&self, cause: Cause) -> bool {
        self.state().budget.pay(cause)
    }

    /// An answer came after this time.
    pub(crate) fn observe(&self, latency: Duration) {
        self.state().latencies.add(latency);
    }

    /// How long a request is waited for before a second one is sent.
    pub(crate) fn patience(&self, policy: HedgePolicy) -> Duration {
        policy.after(&self.state().latencies)
    }

    /// A turn among those who look for something. `spacing` is how long the next one comes after it.
    pub(crate) fn look(&self, spacing: impl FnOnce(Instant) -> Duration) -> Instant {
        let now = Instant::now();
        let mut state = self.state();
        let turn = state.next_look.map_or(now, |next| next.max(now));
        state.next_look = Some(after(turn, spacing(turn)));
        turn
    }

    fn pause_within(&self, ends: Instant) -> Result<Option<Instant>, PausedTooLong> {
        let now = Instant::now();
        match self.state().paused_until.filter(|until| *until > now) {
            Some(until) if until >= ends => Err(PausedTooLong(until - now)),
            pause => Ok(pause),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
