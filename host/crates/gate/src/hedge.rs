//! Two requests for one read: when there is a second one, and whose answer counts. Tries nothing a third time.

use std::{future::Future, pin::pin};

use bakery_core::{
    policy::{Class, classify},
    port::{Failure, FailureKind},
};
use futures_util::future::{Either, select};
use tokio::time::{Instant, timeout};

use crate::{course::Course, gate::Gate, permit::Permit};

impl Gate {
    /// One attempt, with a second request beside it where the first one takes long.
    pub(crate) async fn race<T, F, Fut>(&self, course: &Course<'_>, attempt: &F) -> Result<T, Failure>
    where
        F: Fn(Permit) -> Fut,
        Fut: Future<Output = Result<T, Failure>>,
    {
        let policy = self.inner.options.hedge;
        let Some(origin) = course.operation.origin.as_deref().filter(|_| policy.covers(course.operation))
        else {
            return self.attempt_once(course, attempt).await;
        };
        let lane = self.inner.lanes.lane(origin);
        let timed = || async {
            let began = Instant::now();
            let outcome = self.attempt_once(course, attempt).await;
            // What is not there is said as fast as what is there.
            if outcome.as_ref().err().is_none_or(|failure| failure.kind == FailureKind::NotFound) {
                lane.observe(began.elapsed());
            }
            outcome
        };
        let mut first = pin!(timed());
        if let Ok(outcome) = timeout(lane.patience(policy), first.as_mut()).await {
            return outcome;
        }
        let Some(_slot) = lane.spare() else { return first.await };
        let second = pin!(timed());
        let (failure, other) = match select(first, second).await {
            Either::Left((Ok(value), _)) | Either::Right((Ok(value), _)) => return Ok(value),
            Either::Left((Err(failure), second)) => (failure, Either::Left(second)),
            Either::Right((Err(failure), first)) => (failure, Either::Right(first)),
        };
        if is_last_word(course, &failure) {
            return Err(failure);
        }
        other.await.map_err(|other| more_hopeful(course, failure, other))
    }
}

/// Whether the other request would hear the same. What one replica does not have, another one may.
fn is_last_word(course: &Course<'_>, failure: &Failure) -> bool {
    classify(course.operation, failure) == Class::Permanent && failure.kind != FailureKind::NotFound
}

/// Of two failures the one that leaves more to do; of equals the later one.
fn more_hopeful(course: &Course<'_>, earlier: Failure, later: Failure) -> Failure {
    let hope = |failure: &Failure| match classify(course.operation, failure) {
        Class::Pending => 2,
        Class::Transient(_) => 1,
        Class::Permanent => 0,
    };
    if hope(&earlier) > hope(&later) { earlier } else { later }
}

#[cfg(test)]
mod tests;
