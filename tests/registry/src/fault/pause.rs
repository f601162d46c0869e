//! Requests that are held until a test lets them go: the place to kill a client.
//! It does not know what a request is.

use std::{
    sync::{Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, oneshot};

/// A request that is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// Its number in the log.
    pub request: u64,
    /// The name the rule gave.
    pub name: String,
}

/// What becomes of a held request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It goes on, whether its client still lives or not.
    Proceed,
    /// It ends here, without effect if it was held before it, and its connection is reset.
    Discard,
}

/// Every request that is held now.
#[derive(Debug, Default)]
pub(crate) struct Pauses {
    held: Mutex<Vec<(Paused, oneshot::Sender<Fate>)>>,
    arrived: Condvar,
    arrived_async: Notify,
}

impl Pauses {
    /// Holds a request until it is let go.
    pub(crate) async fn hold(&self, request: u64, name: &str) -> Fate {
        let (sender, receiver) = oneshot::channel();
        self.lock().push((Paused { request, name: name.to_owned() }, sender));
        self.arrived.notify_all();
        self.arrived_async.notify_waiters();
        receiver.await.unwrap_or(Fate::Discard)
    }

    /// Who is held.
    pub(crate) fn list(&self) -> Vec<Paused> {
        self.lock().iter().map(|(paused, _)| paused.clone()).collect()
    }

    /// Lets all go and says how many they were.
    pub(crate) fn end_all(&self, fate: Fate) -> usize {
        let held = std::mem::take(&mut *self.lock());
        // A request whose task is gone with its runtime cannot be told, and need not be.
        held.into_iter().map(|(_, sender)| sender.send(fate)).filter(Result::is_ok).count()
    }

    /// Blocks the thread until a request is held; none within the time gives `None`.
    pub(crate) fn wait(&self, at_most: Duration) -> Option<Paused> {
        let deadline = Instant::now() + at_most;
        let mut held = self.lock();
        loop {
            if let Some((paused, _)) = held.first() {
                return Some(paused.clone());
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            held = self.arrived.wait_timeout(held, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until a request is held.
    pub(crate) async fn wait_async(&self) -> Paused {
        loop {
            let arrived = self.arrived_async.notified();
            tokio::pin!(arrived);
            // Registered before looking, so that an arrival in between is not missed.
            arrived.as_mut().enable();
            if let Some(paused) = self.list().into_iter().next() {
                return paused;
            }
            arrived.await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(Paused, oneshot::Sender<Fate>)>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
