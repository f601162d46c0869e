//! One queue per host: permits in the order of asking, and pauses that hold for every caller. Retries nothing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep_until},
};

use crate::clock::after;

/// Every host of a run.
#[derive(Debug)]
pub(crate) struct Lanes {
    per_host: usize,
    lanes: Mutex<HashMap<String, Arc<Lane>>>,
}

impl Lanes {
    pub(crate) fn new(per_host: usize) -> Self {
        Self { per_host: per_host.clamp(1, Semaphore::MAX_PERMITS), lanes: Mutex::default() }
    }

    /// The lane of `host:port`.
    pub(crate) fn lane(&self, origin: &str) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.entry(origin.to_owned()).or_insert_with(|| {
            Arc::new(Lane { slots: Arc::new(Semaphore::new(self.per_host)), paused_until: Mutex::default() })
        });
        Arc::clone(lane)
    }
}

/// One host.
#[derive(Debug)]
pub(crate) struct Lane {
    slots: Arc<Semaphore>,
    paused_until: Mutex<Option<Instant>>,
}

/// The host asked for more time than the caller has.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PausedTooLong(pub(crate) Duration);

impl Lane {
    /// Waits for a slot, first come first served, and then for the end of the pause.
    pub(crate) async fn enter(&self, ends: Instant) -> Result<OwnedSemaphorePermit, PausedTooLong> {
        self.pause_within(ends)?;
        let slot =
            Arc::clone(&self.slots).acquire_owned().await.expect("the semaphore of a lane is never closed");
        // The slot is kept during the pause: nobody else may go either, and the order of asking holds.
        while let Some(until) = self.pause_within(ends)? {
            sleep_until(until).await;
        }
        Ok(slot)
    }

    /// Holds every caller back for `duration` from now.
    pub(crate) fn pause(&self, duration: Duration) {
        let until = after(Instant::now(), duration);
        let mut paused_until = self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        *paused_until = Some(paused_until.map_or(until, |known| known.max(until)));
    }

    fn pause_within(&self, ends: Instant) -> Result<Option<Instant>, PausedTooLong> {
        let now = Instant::now();
        let paused_until = *self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        match paused_until.filter(|until| *until > now) {
            Some(until) if until >= ends => Err(PausedTooLong(until - now)),
            pause => Ok(pause),
        }
    }
}
