//! The doors that wait: until sources can be read, and until tags show what was written. The gate does the waiting.

use bakery_core::{
    model::{Descriptor, Digest, Manifest, Reference},
    policy::stale,
    port::{Failure, FailureKind, registry::RegistryVerb},
};
use futures_util::future::join_all;

use crate::{Transfer, caller::Caller};

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
    ///
    /// What it points at instead after that is a failure of kind `Conflict`.
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
        let operation = self.awaiting(caller, RegistryVerb::GetManifest, reference)?;
        self.read(&operation, reference).await.map(|manifest| Manifest::clone(&manifest))
    }

    async fn await_pointer(
        &self,
        caller: &Caller,
        reference: &Reference,
        digest: &Digest,
    ) -> Result<Descriptor, Failure> {
        self.may_pull(caller, reference.repository())?;
        let operation = self.awaiting(caller, RegistryVerb::Resolve, reference)?;
        let registry = &self.registry;
        let pointing = self.gate.run_hedged(&operation, |permit| async move {
            let found = registry.resolve(&permit, reference).await?;
            if found.digest == *digest { Ok(found) } else { Err(stale(reference, digest, &found.digest)) }
        });
        pointing.await.map_err(|failure| match failure.kind {
            FailureKind::NotFound => {
                let message = format!("{}; `{reference}` should point at `{digest}`", failure.message);
                Failure { kind: FailureKind::Conflict, message, ..failure }
            }
            _ => failure,
        })
    }
}
