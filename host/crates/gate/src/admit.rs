//! Before and during an attempt: the wait for a slot, and the bounds of the attempt itself. Tries nothing again.

use std::future::Future;

use bakery_core::port::{Failure, FailureKind};
use tokio::time::{Instant, timeout_at};

use crate::{
    clock::{after, spoken},
    course::Course,
    gate::Gate,
    lane::{PausedTooLong, Slot},
    permit::Permit,
};

impl Gate {
    /// A slot on the operation's origin, where it has one; the next attempt is counted.
    pub(crate) async fn admit(&self, course: &mut Course<'_>) -> Result<Option<Slot>, Failure> {
        let slot = self.slot(course).await.map_err(|failure| course.stopped_waiting(failure))?;
        course.attempts += 1;
        Ok(slot)
    }

    async fn slot(&self, course: &Course<'_>) -> Result<Option<Slot>, Failure> {
        let operation = course.operation;
        let Some(origin) = &operation.origin else {
            return if self.is_cancelled() { Err(course.cancelled()) } else { Ok(None) };
        };
        let lane = self.inner.lanes.lane(origin);
        let entered = tokio::select! {
            biased;
            () = self.cancelled() => return Err(course.cancelled()),
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
                    spoken(course.elapsed())
                ),
            )),
        }
    }

    /// One attempt, until its time is over or the run is cancelled. What a failure says about the host is heeded.
    pub(crate) async fn attempt_once<T, Fut>(
        &self,
        course: &Course<'_>,
        attempt: impl FnOnce(Permit) -> Fut,
    ) -> Result<T, Failure>
    where
        Fut: Future<Output = Result<T, Failure>>,
    {
        let operation = course.operation;
        let began = Instant::now();
        let until = after(began, operation.timeout).min(course.ends);
        let permit = Permit::new(course.attempts);
        let outcome = tokio::select! {
            biased;
            () = self.cancelled() => Err(course.cancelled()),
            outcome = timeout_at(until, async { attempt(permit).await }) => outcome.unwrap_or_else(|_| {
                let message = format!("`{}` did not answer within {}", operation.subject, spoken(until - began));
                Err(Failure::new(FailureKind::TimedOut, &operation.subject, message))
            }),
        };
        outcome.inspect_err(|failure| self.heed(course, began, failure))
    }

    /// A busy host's wish is everybody's; on any other failure `Retry-After` is no more than a header.
    fn heed(&self, course: &Course<'_>, began: Instant, failure: &Failure) {
        let Some(origin) = &course.operation.origin else { return };
        let lane = self.inner.lanes.lane(origin);
        if failure.kind == FailureKind::RateLimited {
            lane.throttle(began);
        }
        if let (FailureKind::RateLimited | FailureKind::Unavailable, Some(pause)) =
            (failure.kind, failure.retry_after)
        {
            lane.pause(pause);
        }
    }
}
