//! The doors that wait: until sources can be read, and until tags show what was written. The gate does the waiting.

use bakery_core::{
    model::{Descriptor, Digest, Manifest, Reference},
    port::{Failure, FailureKind},
};
use bakery_gate::{Probe, WaitEnd, Waited};
use futures_util::future::join_all;

use crate::{Transfer, caller::Caller, words::spoken};

/// What a look at a tag found.
enum Seen {
    Right(Descriptor),
    Other(Digest),
    Failed(Failure),
}

impl Transfer {
    /// Waits until each reference can be read, all at the same time, within the caller's window.
    pub async fn await_readable(
        &self,
        caller: &Caller,
        references: &[Reference],
    ) -> Vec<Result<Manifest, Failure>> {
        join_all(references.iter().map(|reference| self.await_one(caller, reference))).await
    }

    /// Waits until each reference, just written by this run, points at `digest`, within the caller's window.
    pub async fn await_digest(
        &self,
        caller: &Caller,
        references: &[Reference],
        digest: &Digest,
    ) -> Vec<Result<Descriptor, Failure>> {
        join_all(references.iter().map(|reference| self.await_pointer(caller, reference, digest))).await
    }

    async fn await_one(&self, caller: &Caller, reference: &Reference) -> Result<Manifest, Failure> {
        let repository = reference.repository();
        self.may_pull(caller, repository)?;
        if let Some(known) = reference.digest().and_then(|digest| self.memory.read_in(repository, digest)) {
            return Ok(Manifest::clone(&known));
        }
        let began = self.gate.now();
        let operation = self.awaiting(caller, repository, &reference.to_string())?;
        match self.read(&operation, reference).await {
            Ok(manifest) => Ok(Manifest::clone(&manifest)),
            Err(mut failure) if failure.kind == FailureKind::NotFound => {
                let waited = spoken(self.gate.now().saturating_duration_since(began));
                failure.message = format!(
                    "`{reference}` was not readable within {waited} of the first look: {}",
                    failure.message
                );
                Err(failure.with_hint("check that the build pushed it, or wait longer with `--wait-timeout`"))
            }
            Err(failure) => Err(failure),
        }
    }

    async fn await_pointer(
        &self,
        caller: &Caller,
        reference: &Reference,
        digest: &Digest,
    ) -> Result<Descriptor, Failure> {
        self.may_pull(caller, reference.repository())?;
        let subject = reference.to_string();
        let budget = caller.at_most(caller.window, self.gate.now());
        let waited = self
            .gate
            .await_condition(&subject, budget, |_| self.look_at_pointer(caller, reference, digest))
            .await;
        let Waited { answer, end, waited, .. } = waited;
        let got = match answer {
            Seen::Right(descriptor) => return Ok(descriptor),
            Seen::Failed(failure) if end == WaitEnd::Failed => return Err(failure),
            _ if end == WaitEnd::Cancelled => {
                let message = format!("the run was cancelled before `{reference}` pointed at `{digest}`");
                return Err(Failure::new(FailureKind::Cancelled, subject, message));
            }
            Seen::Other(other) => format!("points at `{other}`"),
            Seen::Failed(_) => "is not there".to_owned(),
        };
        let message =
            format!("`{reference}` {got} instead of `{digest}`, {} after it was written", spoken(waited));
        let hint =
            "somebody else may write the same tag; if the registry lags, wait longer with `--wait-timeout`";
        Err(Failure::new(FailureKind::Conflict, subject, message).with_hint(hint))
    }

    async fn look_at_pointer(&self, caller: &Caller, reference: &Reference, digest: &Digest) -> Probe<Seen> {
        let operation = match self.reading(caller, reference.repository(), &reference.to_string()) {
            Ok(operation) => operation,
            Err(failure) => return Probe::Failed(Seen::Failed(failure)),
        };
        match self.look(&operation, reference).await {
            Ok(descriptor) if descriptor.digest == *digest => Probe::Ready(Seen::Right(descriptor)),
            Ok(Descriptor { digest: other, .. }) => {
                let sentence = format!("it points at `{other}`, not yet at `{digest}`");
                Probe::Pending(Seen::Other(other), sentence)
            }
            Err(failure) if failure.kind == FailureKind::NotFound => {
                let sentence = format!("it is not there yet: {}", failure.message);
                Probe::Pending(Seen::Failed(failure), sentence)
            }
            Err(failure) => Probe::Failed(Seen::Failed(failure)),
        }
    }
}
