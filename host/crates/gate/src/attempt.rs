//! The loop: permit, attempt, classify, back off, emit. Its pieces are in `admit` and `settle`; there is no second
//! one, in no other crate.

use std::{future::Future, ops::ControlFlow};

use bakery_core::{
    policy::Operation,
    port::{BoxFuture, Failure},
};

use crate::{course::Course, gate::Gate, permit::Permit};

impl Gate {
    /// Carries one operation out: as often as the policy allows, one permit per attempt.
    ///
    /// The permit of the operation's origin is held only while an attempt runs, never during a backoff. A time that
    /// the other side asks for holds back every operation on that origin.
    ///
    /// While an awaited operation ([`Operation::awaited`]) finds nothing, or finds what was there before
    /// ([`bakery_core::policy::stale`]), it is looked at again until its window ends. That spends time, but neither
    /// attempts nor the host's budget; each look is announced as `Waiting`, its success as `Arrived`.
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
            let slot = self.admit(&mut course).await?;
            let outcome = self.attempt_once(&course, &mut attempt).await;
            if let ControlFlow::Break(end) = self.settle(&mut course, slot, outcome).await {
                return end;
            }
        }
    }

    /// The same for attempts that go on where the one before stopped: each is given `state`, and no two at once.
    ///
    /// Whatever the attempt borrows has to be part of `state`:
    ///
    /// ```
    /// # use bakery_core::{model::Repository, policy::Operation};
    /// # use bakery_core::port::{BoxFuture, Failure, registry::{BlobCursor, Registry}};
    /// fn read<'a>(
    ///     gate: &'a bakery_gate::Gate,
    ///     operation: &'a Operation,
    ///     registry: &'a dyn Registry,
    ///     repository: &'a Repository,
    ///     cursor: BlobCursor,
    /// ) -> BoxFuture<'a, Result<Vec<u8>, Failure>> {
    ///     Box::pin(async move {
    ///         let mut state = (registry, repository, cursor, Vec::new());
    ///         gate.run_with(operation, &mut state, |permit, (registry, repository, cursor, bytes)| {
    ///             Box::pin(async move { registry.read_blob(&permit, repository, cursor, bytes).await })
    ///         })
    ///         .await?;
    ///         Ok(state.3)
    ///     })
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`Gate::run`].
    pub async fn run_with<S, T>(
        &self,
        operation: &Operation,
        state: &mut S,
        mut attempt: impl for<'a> FnMut(Permit, &'a mut S) -> BoxFuture<'a, Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let mut course = Course::begin(operation);
        loop {
            let slot = self.admit(&mut course).await?;
            let outcome = self.attempt_once(&course, |permit| attempt(permit, state)).await;
            if let ControlFlow::Break(end) = self.settle(&mut course, slot, outcome).await {
                return end;
            }
        }
    }

    /// The same for reads of manifests, which may be asked twice at the same time: a request that takes longer than
    /// nearly all others get a second one beside it, and the first good answer counts.
    ///
    /// An answer that the thing is not there, or not yet, does not beat the other request: replicas differ. There is
    /// no second request for other verbs, none while the host is short of anything, and never a third one.
    ///
    /// # Errors
    /// As [`Gate::run`].
    pub async fn run_hedged<T, F, Fut>(&self, operation: &Operation, attempt: F) -> Result<T, Failure>
    where
        F: Fn(Permit) -> Fut,
        Fut: Future<Output = Result<T, Failure>>,
    {
        let mut course = Course::begin(operation);
        loop {
            let slot = self.admit(&mut course).await?;
            let outcome = self.race(&course, &attempt).await;
            if let ControlFlow::Break(end) = self.settle(&mut course, slot, outcome).await {
                return end;
            }
        }
    }
}

#[cfg(test)]
mod tests;
