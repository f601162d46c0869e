//! Waiting for an answer that is there but not yet the wanted one: it spends time, not attempts.
//! What is asked, and how its failures are retried, is the probe's business.

use std::{future::Future, time::Duration};

use bakery_core::port::Event;
use tokio::time::{Instant, sleep};

use crate::gate::Gate;

/// What a look found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe<T> {
    /// What was wanted.
    Ready(T),
    /// Something that no waiting changes.
    Failed(T),
    /// Not yet: the answer, and one sentence on what is there and what is wanted.
    Pending(T, String),
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitEnd {
    /// The last look found what was wanted.
    Arrived,
    /// The last look found something that no waiting changes.
    Failed,
    /// The budget is used up.
    GaveUp,
    /// The run was cancelled.
    Cancelled,
}

/// The last answer, and how it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waited<T> {
    /// What the last look found.
    pub answer: T,
    /// How the wait ended.
    pub end: WaitEnd,
    /// From the first answer to the last: the time that the upstream was behind.
    pub waited: Duration,
    /// How often it looked.
    pub looks: u32,
}

impl Gate {
    /// Looks until the condition holds or `budget` is used up, with a backoff between the looks; `probe` is given the
    /// number of the look, from 1.
    ///
    /// The first look always happens, and the last one when the budget ends. A look that runs is not cut off by the
    /// budget: its own deadlines bound it.
    pub async fn await_condition<T, F, Fut>(&self, subject: &str, budget: Duration, mut probe: F) -> Waited<T>
    where
        F: FnMut(u32) -> Fut,
        Fut: Future<Output = Probe<T>>,
    {
        let mut looks = 1;
        let at_once = |answer, end| Waited { answer, end, waited: Duration::ZERO, looks: 1 };
        let (mut answer, mut message) = match probe(looks).await {
            Probe::Ready(answer) => return at_once(answer, WaitEnd::Arrived),
            Probe::Failed(answer) => return at_once(answer, WaitEnd::Failed),
            Probe::Pending(answer, message) => (answer, message),
        };
        let retry = &self.inner.options.retry;
        let started = Instant::now();
        loop {
            let elapsed = started.elapsed();
            let remaining = budget.saturating_sub(elapsed);
            if remaining.is_zero() {
                return Waited { answer, end: WaitEnd::GaveUp, waited: elapsed, looks };
            }
            let delay = retry.poll.delay(subject, looks, retry.seed).min(remaining);
            self.emit(Event::Waiting { subject: subject.to_owned(), message, elapsed, delay, remaining });
            looks += 1;
            let next = async {
                sleep(delay).await;
                probe(looks).await
            };
            match self.inner.options.cancel.run_until_cancelled(next).await {
                None => {
                    return Waited {
                        answer,
                        end: WaitEnd::Cancelled,
                        waited: started.elapsed(),
                        looks: looks - 1,
                    };
                }
                Some(Probe::Ready(answer)) => {
                    let waited = started.elapsed();
                    self.emit(Event::Arrived { subject: subject.to_owned(), waited });
                    return Waited { answer, end: WaitEnd::Arrived, waited, looks };
                }
                Some(Probe::Failed(answer)) => {
                    return Waited { answer, end: WaitEnd::Failed, waited: started.elapsed(), looks };
                }
                Some(Probe::Pending(latest, sentence)) => (answer, message) = (latest, sentence),
            }
        }
    }
}

#[cfg(test)]
mod tests;
