//! Answers of this run: equal requests are sent once, also when they come at the same time.
//! Keeps no failure, and knows nothing of grants: every caller was checked before it asks here.

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
};

use bakery_core::port::{BoxFuture, Failure, FailureKind, HttpMethod, HttpResponse, Reach};
use futures_util::{
    FutureExt,
    future::{Shared, WeakShared},
};
use tokio::time::Instant;
use url::Url;

/// What makes two hops the same request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct HopKey {
    pub(crate) method: HttpMethod,
    /// Where it really goes.
    pub(crate) url: Url,
    pub(crate) accept: Option<String>,
    pub(crate) reach: Reach,
}

/// An answer that several callers share.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) media_type: Option<String>,
    pub(crate) body: Arc<[u8]>,
}

impl From<HttpResponse> for Answer {
    fn from(response: HttpResponse) -> Self {
        let HttpResponse { status, location, media_type, body } = response;
        Self { status, location, media_type, body: body.into() }
    }
}

type Outcome = Result<Arc<Answer>, Failure>;
type Flying = BoxFuture<'static, Outcome>;

/// Every answer of a run.
pub(crate) struct Memo {
    /// Bytes of bodies that may be kept.
    room: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    entries: HashMap<HopKey, Entry>,
    flights: u64,
    kept: u64,
}

struct Entry {
    began: Instant,
    flight: u64,
    progress: Progress,
}

enum Progress {
    /// Weak, so that a flight ends when the last caller who waits for it is gone.
    Flying(WeakShared<Flying>),
    Landed(Arc<Answer>),
}

impl Memo {
    pub(crate) fn new(room: u64) -> Self {
        Self { room, state: Mutex::default() }
    }

    /// The answer to `key`: a known one, one on its way, or the one that `send` gets. What began before `fresh_since`
    /// is not used.
    pub(crate) async fn get(
        self: &Arc<Self>,
        key: HopKey,
        fresh_since: Option<Instant>,
        send: impl FnOnce() -> BoxFuture<'static, Result<HttpResponse, Failure>>,
    ) -> Outcome {
        let flight = match self.known(&key, fresh_since) {
            Some(Known::Answer(answer)) => return Ok(answer),
            Some(Known::Flight(flight)) => flight,
            None => self.take_off(key, send()),
        };
        flight.await
    }

    fn known(&self, key: &HopKey, fresh_since: Option<Instant>) -> Option<Known> {
        let state = self.state();
        let entry =
            state.entries.get(key).filter(|entry| fresh_since.is_none_or(|since| entry.began >= since))?;
        match &entry.progress {
            Progress::Landed(answer) => Some(Known::Answer(Arc::clone(answer))),
            Progress::Flying(flight) => flight.upgrade().map(Known::Flight),
        }
    }

    fn take_off(
        self: &Arc<Self>,
        key: HopKey,
        sending: BoxFuture<'static, Result<HttpResponse, Failure>>,
    ) -> Shared<Flying> {
        let mut state = self.state();
        state.flights += 1;
        let number = state.flights;
        let (memo, landing, subject) = (Arc::clone(self), key.clone(), key.url.to_string());
        let flight: Flying = Box::pin(async move {
            // A panic would poison every caller who shares this flight.
            let outcome = AssertUnwindSafe(sending).catch_unwind().await.unwrap_or_else(|_| {
                Err(Failure::new(
                    FailureKind::Internal,
                    subject,
                    "the backend panicked, which is a bug of bakery",
                ))
            });
            let outcome = outcome.map(|response| Arc::new(Answer::from(response)));
            memo.land(&landing, number, &outcome);
            outcome
        });
        let flight = flight.shared();
        if let Some(weak) = flight.downgrade() {
            let entry = Entry { began: Instant::now(), flight: number, progress: Progress::Flying(weak) };
            if let Some(Entry { progress: Progress::Landed(stale), .. }) = state.entries.insert(key, entry) {
                state.kept = state.kept.saturating_sub(size(&stale));
            }
        }
        flight
    }

    fn land(&self, key: &HopKey, number: u64, outcome: &Outcome) {
        let mut state = self.state();
        // A newer flight may have replaced this one.
        if state.entries.get(key).is_none_or(|entry| entry.flight != number) {
            return;
        }
        match outcome {
            Ok(answer) if state.kept.saturating_add(size(answer)) <= self.room => {
                state.kept += size(answer);
                if let Some(entry) = state.entries.get_mut(key) {
                    entry.progress = Progress::Landed(Arc::clone(answer));
                }
            }
            Ok(_) | Err(_) => {
                state.entries.remove(key);
            }
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Known {
    Answer(Arc<Answer>),
    Flight(Shared<Flying>),
}

/// Bytes of the body and a little for the rest, so that empty answers are not free.
fn size(answer: &Answer) -> u64 {
    answer.body.len() as u64 + 1024
}

#[cfg(test)]
mod tests;
