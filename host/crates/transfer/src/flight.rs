//! One piece of content is brought to one place by one caller at a time; the others wait and look. Brings nothing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use bakery_core::{
    model::{Digest, Repository},
    port::{Failure, FailureKind},
};
use tokio::sync::OwnedMutexGuard;

type Key = (Repository, Digest);
type Turn = tokio::sync::Mutex<Option<Missed>>;

/// What somebody who had the turn failed with, for those who waited for it.
struct Missed {
    from: Option<Repository>,
    failure: Failure,
}

/// Everything that is on its way in this run.
#[derive(Default)]
pub(crate) struct Flights {
    turns: Mutex<HashMap<Key, Arc<Turn>>>,
}

/// The right to bring something somewhere; it ends when this is dropped.
pub(crate) struct Flight<'a> {
    flights: &'a Flights,
    key: Key,
    turn: Arc<Turn>,
    guard: Option<OwnedMutexGuard<Option<Missed>>>,
}

impl Flights {
    /// Waits until nobody else brings this there.
    ///
    /// # Errors
    /// Somebody else, who was waited for and wanted it from the same place, failed: so would we. Who comes later
    /// tries again.
    pub(crate) async fn board(
        &self,
        to: &Repository,
        digest: &Digest,
        from: Option<&Repository>,
    ) -> Result<Flight<'_>, Failure> {
        let key = (to.clone(), digest.clone());
        let turn = self.turns().entry(key.clone()).or_default().clone();
        let mut flight = Flight { flights: self, key, turn: turn.clone(), guard: None };
        let (mut guard, waited) = match turn.clone().try_lock_owned() {
            Ok(guard) => (guard, false),
            Err(_) => (turn.lock_owned().await, true),
        };
        if let Some(missed) = guard.as_ref().filter(|missed| waited && missed.from.as_ref() == from) {
            return Err(missed.failure.clone());
        }
        *guard = None;
        flight.guard = Some(guard);
        Ok(flight)
    }

    fn turns(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Arc<Turn>>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flight<'_> {
    /// It failed. What was the caller's own end (its time, the run) is nobody else's failure.
    pub(crate) fn missed(mut self, from: Option<&Repository>, failure: &Failure) {
        if matches!(failure.kind, FailureKind::TimedOut | FailureKind::Cancelled) {
            return;
        }
        if let Some(guard) = &mut self.guard {
            **guard = Some(Missed { from: from.cloned(), failure: failure.clone() });
        }
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.guard = None;
        let mut turns = self.flights.turns();
        // One count is the map's, one is ours.
        if Arc::strong_count(&self.turn) <= 2 {
            turns.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> (Repository, Digest, Repository) {
        ("r.example/to".parse().unwrap(), Digest::of(b"x"), "r.example/from".parse().unwrap())
    }

    fn failure(kind: FailureKind) -> Failure {
        Failure::new(kind, "s", "first")
    }

    /// How many of those who wait for a failed turn share its failure.
    async fn sharing(kind: FailureKind, wanted_from: &str) -> bool {
        let flights = Flights::default();
        let (to, digest, from) = place();
        let first = flights.board(&to, &digest, Some(&from)).await.unwrap();
        let other: Repository = wanted_from.parse().unwrap();
        let second = async { flights.board(&to, &digest, Some(&other)).await.is_err() };
        let end = async { first.missed(Some(&from), &failure(kind)) };
        let (shared, ()) = tokio::join!(second, end);
        assert!(flights.turns().is_empty(), "nothing is left behind");
        shared
    }

    #[tokio::test]
    async fn who_waited_shares_a_failure_that_would_be_its_own() {
        assert!(sharing(FailureKind::Denied, "r.example/from").await);
        assert!(!sharing(FailureKind::Denied, "r.example/other").await, "it lies elsewhere as well");
        assert!(!sharing(FailureKind::TimedOut, "r.example/from").await, "its own time is not over");
        assert!(!sharing(FailureKind::Cancelled, "r.example/from").await);
    }

    #[tokio::test]
    async fn who_comes_later_tries_again() {
        let flights = Flights::default();
        let (to, digest, from) = place();
        let first = flights.board(&to, &digest, Some(&from)).await.unwrap();
        first.missed(Some(&from), &failure(FailureKind::Denied));
        assert!(flights.board(&to, &digest, Some(&from)).await.is_ok());
    }

    #[tokio::test]
    async fn who_waits_for_somebody_that_goes_away_has_the_turn() {
        let flights = Flights::default();
        let (to, digest, from) = place();
        let first = flights.board(&to, &digest, Some(&from)).await.unwrap();
        let (second, ()) = tokio::join!(flights.board(&to, &digest, Some(&from)), async { drop(first) });
        assert!(second.is_ok());
    }
}
