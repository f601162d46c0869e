//! Writes the log while requests run.
//! Questions to the log are asked of its copies.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::arrival::Arrival;
use crate::log::{Credentials, Entry, Log, Outcome};

/// The log in the making.
#[derive(Debug, Default)]
pub(crate) struct Book {
    entries: Mutex<Vec<Entry>>,
}

impl Book {
    /// Enters a request and gives its number.
    pub(crate) fn open(&self, arrival: &Arrival, credentials: Credentials, now: Duration) -> u64 {
        let headers = arrival
            .headers
            .iter()
            .filter(|(name, _)| *name != hyper::header::AUTHORIZATION)
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let mut entries = self.lock();
        let id = entries.len() as u64 + 1;
        entries.push(Entry {
            id,
            connection: arrival.connection,
            listener: arrival.listener,
            operation: arrival.operation,
            method: arrival.method.to_string(),
            path: arrival.path.clone(),
            query: arrival.query.clone(),
            repository: arrival.target.repository().map(str::to_owned),
            headers,
            credentials,
            bytes_in: 0,
            bytes_out: 0,
            started: now,
            ended: None,
            status: None,
            applied: false,
            faults: Vec::new(),
            outcome: Outcome::Open,
        });
        id
    }

    /// Changes the entry of a request that has not ended yet.
    pub(crate) fn note(&self, id: u64, change: impl FnOnce(&mut Entry)) {
        let mut entries = self.lock();
        let at = usize::try_from(id).unwrap_or_default().wrapping_sub(1);
        if let Some(entry) = entries.get_mut(at).filter(|entry| entry.outcome == Outcome::Open) {
            change(entry);
        }
    }

    /// Ends the entry of a request; only the first end counts.
    pub(crate) fn close(&self, id: u64, outcome: Outcome, now: Duration) {
        self.note(id, |entry| {
            entry.outcome = outcome;
            entry.ended = Some(now);
        });
    }

    /// A copy as it is now.
    pub(crate) fn copy(&self) -> Log {
        Log { entries: self.lock().clone() }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
