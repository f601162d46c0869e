//! Turns a verb on a repository into an operation of the gate: whose lane, how long, awaited or not. Runs nothing.

use std::time::Duration;

use bakery_core::{
    model::Repository,
    policy::{Operation, OperationKind},
    port::{Failure, FailureKind},
};

use crate::{Transfer, caller::Caller};

impl Transfer {
    /// Reading something small.
    pub(crate) fn reading(
        &self,
        caller: &Caller,
        repository: &Repository,
        subject: &str,
    ) -> Result<Operation, Failure> {
        let attempt = self.options.attempt;
        self.operation(caller, OperationKind::RegistryRead, repository, subject, attempt, Duration::ZERO)
    }

    /// Reading something small that was just written elsewhere, and may lag.
    pub(crate) fn awaiting(
        &self,
        caller: &Caller,
        repository: &Repository,
        subject: &str,
    ) -> Result<Operation, Failure> {
        let (attempt, window) = (self.options.attempt, caller.window);
        let operation =
            self.operation(caller, OperationKind::RegistryRead, repository, subject, attempt, window)?;
        Ok(operation.awaited(window))
    }

    /// Writing something small.
    pub(crate) fn writing(
        &self,
        caller: &Caller,
        repository: &Repository,
        subject: &str,
    ) -> Result<Operation, Failure> {
        let attempt = self.options.attempt;
        self.operation(caller, OperationKind::RegistryWrite, repository, subject, attempt, Duration::ZERO)
    }

    /// Sending a blob.
    pub(crate) fn sending(
        &self,
        caller: &Caller,
        repository: &Repository,
        subject: &str,
    ) -> Result<Operation, Failure> {
        let attempt = self.options.blob_attempt;
        self.operation(caller, OperationKind::RegistryWrite, repository, subject, attempt, Duration::ZERO)
    }

    fn operation(
        &self,
        caller: &Caller,
        kind: OperationKind,
        repository: &Repository,
        subject: &str,
        attempt: Duration,
        window: Duration,
    ) -> Result<Operation, Failure> {
        let limit = caller.at_most(self.options.operation.saturating_add(window), self.gate.now());
        if limit.is_zero() {
            return Err(over(caller, subject));
        }
        Ok(Operation::new(kind, subject, attempt, limit).at(repository.registry().endpoint()))
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
