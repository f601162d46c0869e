//! Turns a verb into an operation of the gate: whose lane, how long, awaited or not, never longer than the caller has.
//! Runs nothing.

use std::time::Duration;

use bakery_core::{
    model::{Reference, Repository},
    policy::Operation,
    port::{Failure, FailureKind, registry::RegistryVerb},
};

use crate::{Transfer, caller::Caller};

impl Transfer {
    /// Reading a manifest, or what it is.
    pub(crate) fn reading(
        &self,
        caller: &Caller,
        verb: RegistryVerb,
        reference: &Reference,
    ) -> Result<Operation, Failure> {
        self.operation(caller, verb, reference.repository(), &reference.to_string())
    }

    /// The same for one that was just written, here or elsewhere, and may lag.
    pub(crate) fn awaiting(
        &self,
        caller: &Caller,
        verb: RegistryVerb,
        reference: &Reference,
    ) -> Result<Operation, Failure> {
        let operation = self.reading(caller, verb, reference)?.awaited(caller.window);
        let left = caller.at_most(Duration::MAX, self.gate.now());
        Ok(operation.ending_within(left))
    }

    /// Something small.
    pub(crate) fn operation(
        &self,
        caller: &Caller,
        verb: RegistryVerb,
        repository: &Repository,
        subject: &str,
    ) -> Result<Operation, Failure> {
        self.bounded(caller, verb, repository, subject, self.options.attempt)
    }

    /// Sending a blob, from opening an upload to ending it.
    pub(crate) fn sending(
        &self,
        caller: &Caller,
        repository: &Repository,
        subject: &str,
    ) -> Result<Operation, Failure> {
        self.bounded(caller, RegistryVerb::BeginUpload, repository, subject, self.options.blob_attempt)
    }

    /// Reading a blob, which may lag behind the manifest that names it.
    pub(crate) fn fetching(
        &self,
        caller: &Caller,
        repository: &Repository,
        subject: &str,
    ) -> Result<Operation, Failure> {
        let attempt = self.options.blob_attempt;
        let operation = self.bounded(caller, RegistryVerb::GetBlob, repository, subject, attempt)?;
        let left = caller.at_most(Duration::MAX, self.gate.now());
        Ok(operation.awaited(caller.window).ending_within(left))
    }

    fn bounded(
        &self,
        caller: &Caller,
        verb: RegistryVerb,
        repository: &Repository,
        subject: &str,
        attempt: Duration,
    ) -> Result<Operation, Failure> {
        let limit = caller.at_most(self.options.operation, self.gate.now());
        if limit.is_zero() {
            return Err(over(caller, subject));
        }
        Ok(Operation::registry(verb, repository.registry(), subject, attempt, limit))
    }

    /// Waits for something that is no effect: a turn, or somebody else's work. Ends with the caller's time, and with
    /// the run.
    pub(crate) async fn within<T>(
        &self,
        caller: &Caller,
        subject: &str,
        waiting: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        let bounded = async {
            match caller.deadline {
                None => Ok(waiting.await),
                Some(deadline) => {
                    tokio::time::timeout_at(deadline, waiting).await.map_err(|_| over(caller, subject))
                }
            }
        };
        tokio::select! {
            biased;
            () = self.gate.cancelled() => {
                let message = format!("the run was cancelled before `{subject}` was done");
                Err(Failure::new(FailureKind::Cancelled, subject, message))
            }
            outcome = bounded => outcome,
        }
    }
}

fn over(caller: &Caller, subject: &str) -> Failure {
    let message = format!("the time of `{}` was over before `{subject}` was done", caller.component);
    Failure::new(FailureKind::TimedOut, subject, message)
}
