//! After an attempt: what its end means, and the wait before the next one. Makes no attempt.

use std::ops::ControlFlow;

use bakery_core::{
    policy::{Cause, Class, OperationKind, classify},
    port::{Event, Failure},
};
use tokio::time::{Instant, sleep_until};

use crate::{course::Course, gate::Gate, lane::Slot};

impl Gate {
    /// Ends the operation, or returns when the next attempt is due.
    pub(crate) async fn settle<T>(
        &self,
        course: &mut Course<'_>,
        slot: Option<Slot>,
        outcome: Result<T, Failure>,
    ) -> ControlFlow<Result<T, Failure>> {
        // Whoever waits goes first; and an attempt cannot keep its slot by keeping its permit.
        drop(slot);
        match outcome {
            Ok(value) => {
                self.succeeded(course);
                ControlFlow::Break(Ok(value))
            }
            Err(failure) => match self.wait(course, failure).await {
                Ok(()) => ControlFlow::Continue(()),
                Err(failure) => ControlFlow::Break(Err(failure)),
            },
        }
    }

    fn succeeded(&self, course: &Course<'_>) {
        if let Some(origin) = &course.operation.origin {
            self.inner.lanes.lane(origin).succeed();
        }
        if course.tally.pending() > 0 {
            let subject = course.operation.subject.clone();
            self.emit(Event::Arrived { subject, waited: course.elapsed() });
        }
    }

    /// Waits for the next attempt, or says why there is none.
    async fn wait(&self, course: &mut Course<'_>, failure: Failure) -> Result<(), Failure> {
        let operation = course.operation;
        let retry = &self.inner.options.retry;
        let class = classify(operation, &failure);
        course.tally = course.tally.with(class);
        let elapsed = course.elapsed();
        let Some(delay) = retry.next_delay(operation, course.tally, elapsed, &failure) else {
            return Err(course.ended(failure, retry.attempts));
        };
        let subject = operation.subject.clone();
        let (message, due) = (failure.message.clone(), Instant::now() + delay);
        match class {
            Class::Transient(cause) => {
                if let Some(origin) = self.exhausted(course, cause) {
                    return Err(course.exhausted(failure, origin));
                }
                let (attempt, kind) = (course.attempts, failure.kind);
                self.emit(Event::Retrying { subject, attempt, kind, message, delay });
            }
            Class::Pending | Class::Permanent => {
                let remaining = course.window_ends().saturating_duration_since(Instant::now());
                self.emit(Event::Waiting { subject, message, elapsed, delay, remaining });
            }
        }
        course.remember(failure);
        let waiting = async {
            sleep_until(due).await;
            if class == Class::Pending {
                self.take_turn(course).await;
            }
        };
        self.inner.options.cancel.run_until_cancelled(waiting).await.ok_or_else(|| course.cancelled())
    }

    /// The origin that is not worth another retry, if it is not.
    fn exhausted<'a>(&self, course: &Course<'a>, cause: Cause) -> Option<&'a str> {
        let operation = course.operation;
        let counted = matches!(operation.kind, OperationKind::RegistryRead | OperationKind::RegistryWrite);
        let origin = operation.origin.as_deref().filter(|_| counted)?;
        (!self.inner.lanes.lane(origin).pay(cause)).then_some(origin)
    }

    /// Keeps many who look for something at one host apart. At the end of its window everyone may look once more.
    async fn take_turn(&self, course: &Course<'_>) {
        let ends = course.window_ends();
        let Some(origin) = course.operation.origin.as_deref().filter(|_| Instant::now() < ends) else {
            return;
        };
        let propagation = &self.inner.options.retry.propagation;
        let turn = self.inner.lanes.lane(origin).look(|turn| propagation.spacing(course.elapsed_at(turn)));
        sleep_until(turn.min(ends)).await;
    }
}

#[cfg(test)]
mod tests;
