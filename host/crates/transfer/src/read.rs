//! The doors that read: what references point at, and manifests. Waits for nothing that lags.

use std::sync::Arc;

use bakery_core::{
    model::{Descriptor, Manifest, Reference},
    policy::Operation,
    port::{Failure, registry::RegistryVerb},
};
use futures_util::future::join_all;

use crate::{Transfer, caller::Caller};

impl Transfer {
    /// What references point at now.
    pub async fn resolve(
        &self,
        caller: &Caller,
        references: &[Reference],
    ) -> Vec<Result<Descriptor, Failure>> {
        join_all(references.iter().map(|reference| self.resolve_one(caller, reference))).await
    }

    /// Reads manifests. What this target read or holds costs no request when asked for by digest.
    pub async fn manifests(
        &self,
        caller: &Caller,
        references: &[Reference],
    ) -> Vec<Result<Manifest, Failure>> {
        join_all(references.iter().map(|reference| async move {
            self.may_pull(caller, reference.repository())?;
            if let Some(known) = reference.digest().and_then(|digest| self.memory.get(digest)) {
                return Ok(Manifest::clone(&known));
            }
            let operation = self.reading(caller, RegistryVerb::GetManifest, reference)?;
            self.read(&operation, reference).await.map(|manifest| Manifest::clone(&manifest))
        }))
        .await
    }

    async fn resolve_one(&self, caller: &Caller, reference: &Reference) -> Result<Descriptor, Failure> {
        self.may_pull(caller, reference.repository())?;
        let operation = self.reading(caller, RegistryVerb::Resolve, reference)?;
        self.look(&operation, reference).await
    }

    /// HEAD.
    pub(crate) async fn look(
        &self,
        operation: &Operation,
        reference: &Reference,
    ) -> Result<Descriptor, Failure> {
        let registry = &self.registry;
        self.gate
            .run_hedged(operation, |permit| async move { registry.resolve(&permit, reference).await })
            .await
    }

    /// GET, kept in this target's memory.
    pub(crate) async fn read(
        &self,
        operation: &Operation,
        reference: &Reference,
    ) -> Result<Arc<Manifest>, Failure> {
        let registry = &self.registry;
        let manifest = self
            .gate
            .run_hedged(operation, |permit| async move { registry.manifest(&permit, reference).await })
            .await?;
        let manifest = Arc::new(manifest);
        // One that finds no room is read again when it is needed again.
        let _ = self.memory.keep(manifest.clone(), Some(reference.repository().clone()));
        Ok(manifest)
    }

    /// A manifest by digest, from memory or with a GET that waits for what lags.
    pub(crate) async fn manifest(
        &self,
        caller: &Caller,
        reference: &Reference,
    ) -> Result<Arc<Manifest>, Failure> {
        if let Some(known) = reference.digest().and_then(|digest| self.memory.get(digest)) {
            return Ok(known);
        }
        let operation = self.awaiting(caller, RegistryVerb::GetManifest, reference)?;
        self.read(&operation, reference).await
    }
}
