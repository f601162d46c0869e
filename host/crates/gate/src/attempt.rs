//! The loop: permit, attempt, classify, back off, emit. There is no second one, in no other crate.

use std::{future::Future, time::Duration};

use bakery_core::{
    policy::{Class, Operation, classify},
    port::{Event, Failure, FailureKind},
};
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, sleep, timeout_at},
};

use crate::{
    clock::{after, spoken},
    gate::Gate,
    lane::PausedTooLong,
    permit::Permit,
};

impl Gate {
    /// Carries one operation out: as often as the policy allows, one permit per attempt.
    ///
    /// The permit of the operation's origin is held only while an attempt runs, never during a backoff. A time that
    /// the other side asks for holds back every operation on that origin.
    ///
    /// # Errors
    /// The last attempt's failure, with the number of attempts; `TimedOut` where the operation's time is used up
    /// before the first one; `Cancelled` as soon as the run is cancelled, in whatever it was doing.
    pub async fn run<T, F, Fut>(&self, operation: &Operation, mut attempt: F) -> Result<T, Failure>
    where
        F: FnMut(Permit) -> Fut,
        Fut: Future<Output = Result<T, Failure>>,
    {
        let mut course = Course::begin(operation);
        loop {
            let slot = self.admit(&course).await.map_err(|failure| course.stopped_waiting(failure))?;
            course.attempts += 1;
            let permit = Permit::new(course.attempts);
            let outcome = self.attempt_once(&course, || attempt(permit)).await;
            // Whoever waits goes first; and an attempt cannot keep its slot by keeping its permit.
            drop(slot);
            let failure = match outcome {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            if let (Some(origin), Some(pause)) = (&operation.origin, failure.retry_after) {
                self.inner.lanes.lane(origin).pause(pause);
            }
            let count = course.count(&failure);
            let elapsed = course.started.elapsed();
            let Some(delay) = self.inner.options.retry.next_delay(operation, count, elapsed, &failure) else {
                return Err(course.ended(failure, count < self.inner.options.retry.attempts));
            };
            self.emit(Event::Retrying {
                subject: operation.subject.clone(),
                attempt: course.attempts,
                kind: failure.kind,
                message: failure.message.clone(),
                delay,
            });
            course.last = Some(failure);
            if self.inner.options.cancel.run_until_cancelled(sleep(delay)).await.is_none() {
                return Err(course.stopped_waiting(cancelled(operation)));
            }
        }
    }

    /// A slot on the operation's origin, where it has one.
    async fn admit(&self, course: &Course<'_>) -> Result<Option<OwnedSemaphorePermit>, Failure> {
        let operation = course.operation;
        let Some(origin) = &operation.origin else {
            return if self.is_cancelled() { Err(cancelled(operation)) } else { Ok(None) };
        };
        let lane = self.inner.lanes.lane(origin);
        let entered = tokio::select! {
            biased;
            () = self.cancelled() => return Err(cancelled(operation)),
            entered = timeout_at(course.ends, lane.enter(course.ends)) => entered,
        };
        match entered {
            Ok(Ok(slot)) => Ok(Some(slot)),
            Ok(Err(PausedTooLong(pause))) => Err(Failure::new(
                FailureKind::RateLimited,
                &operation.subject,
                format!(
                    "`{origin}` asked every caller to wait, another {}, longer than the {} left",
                    spoken(pause),
                    spoken(course.left())
                ),
            )
            .with_retry_after(pause)),
            Err(_) => Err(Failure::new(
                FailureKind::TimedOut,
                &operation.subject,
                format!(
                    "waited {} for other requests to `{origin}`, and had no turn",
                    spoken(operation.limit)
                ),
            )),
        }
    }

    async fn attempt_once<T, Fut>(
        &self,
        course: &Course<'_>,
        attempt: impl FnOnce() -> Fut,
    ) -> Result<T, Failure>
    where
        Fut: Future<Output = Result<T, Failure>>,
    {
        let operation = course.operation;
        let now = Instant::now();
        let until = after(now, operation.timeout).min(course.ends);
        tokio::select! {
            biased;
            () = self.cancelled() => Err(cancelled(operation)),
            outcome = timeout_at(until, async { attempt().await }) => outcome.unwrap_or_else(|_| {
                let message = format!("`{}` did not answer within {}", operation.subject, spoken(until - now));
                Err(Failure::new(FailureKind::TimedOut, &operation.subject, message))
            }),
        }
    }
}

/// One operation's way so far.
struct Course<'a> {
    operation: &'a Operation,
    started: Instant,
    ends: Instant,
    /// Attempts begun.
    attempts: u32,
    transient: u32,
    pending: u32,
    last: Option<Failure>,
}

impl<'a> Course<'a> {
    fn begin(operation: &'a Operation) -> Self {
        let started = Instant::now();
        let ends = after(started, operation.limit);
        Self { operation, started, ends, attempts: 0, transient: 0, pending: 0, last: None }
    }

    fn left(&self) -> Duration {
        self.ends.saturating_duration_since(Instant::now())
    }

    /// How many failures of this class there were, this one included.
    fn count(&mut self, failure: &Failure) -> u32 {
        let counter = match classify(self.operation, failure) {
            Class::Pending => &mut self.pending,
            Class::Transient | Class::Permanent => &mut self.transient,
        };
        *counter = counter.saturating_add(1);
        *counter
    }

    /// An attempt failed and none follows; says so where it was time, not the count, that ended it.
    fn ended(&self, mut failure: Failure, attempts_left: bool) -> Failure {
        failure.attempts = self.attempts;
        match classify(self.operation, &failure) {
            Class::Permanent => {}
            Class::Pending => {
                failure.message.push_str(&format!("; waited {} for it", spoken(self.started.elapsed())));
            }
            Class::Transient if !attempts_left => {}
            Class::Transient => {
                let reason = match failure.retry_after {
                    Some(asked) if asked >= self.left() => {
                        format!(
                            "; it asks to wait {}, longer than the {} left",
                            spoken(asked),
                            spoken(self.left())
                        )
                    }
                    _ => format!("; no time for another attempt within {}", spoken(self.operation.limit)),
                };
                failure.message.push_str(&reason);
            }
        }
        failure
    }

    /// A wait ended without another attempt: what the last attempt said is worth more than that.
    fn stopped_waiting(&self, mut waiting: Failure) -> Failure {
        if let Some(last) = &self.last {
            waiting.message = format!("{}; the last attempt failed: {}", waiting.message, last.message);
            waiting.hint = last.hint.clone();
            if waiting.kind != FailureKind::Cancelled {
                waiting.kind = last.kind;
            }
        }
        waiting.attempts = self.attempts;
        waiting
    }
}

fn cancelled(operation: &Operation) -> Failure {
    let message = format!("the run was cancelled before `{}` was done", operation.subject);
    Failure::new(FailureKind::Cancelled, &operation.subject, message)
}

#[cfg(test)]
mod tests;
