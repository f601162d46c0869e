//! The doors of the room. Every function checks the caller's grants first, then goes through the gate.

use std::{sync::Arc, time::Duration};

use bakery_core::{
    model::{Descriptor, Digest, Manifest, Reference, Repository, Tag},
    port::{
        EventSink, Failure,
        registry::{Access, Registry, Traffic},
    },
};
use bakery_gate::Gate;

use crate::caller::Caller;

/// How long things may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferOptions {
    /// Time of one attempt of a request about manifests and of a small write.
    pub attempt: Duration,
    /// Time of one attempt that moves a blob.
    pub blob_attempt: Duration,
    /// Time of one operation, waiting for a turn, attempts and pauses included; a wait in the window not included.
    pub operation: Duration,
}

impl Default for TransferOptions {
    fn default() -> Self {
        Self {
            attempt: Duration::from_secs(60),
            blob_attempt: Duration::from_secs(30 * 60),
            operation: Duration::from_secs(60 * 60),
        }
    }
}

/// What it took to bring a manifest and everything below it into a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// What was copied.
    pub descriptor: Descriptor,
    /// Manifests put.
    pub manifests_pushed: u32,
    /// Blobs that the registry moved by itself.
    pub blobs_mounted: u32,
    /// Blobs sent.
    pub blobs_uploaded: u32,
    /// Their bytes.
    pub bytes_uploaded: u64,
}

/// A way to registries for one run; [`Transfer::for_target`] makes one for each target.
#[derive(Clone)]
pub struct Transfer {
    gate: Gate,
    registry: Arc<dyn Registry>,
    options: TransferOptions,
}

impl Transfer {
    /// For one run.
    #[must_use]
    pub fn new(gate: Gate, registry: Arc<dyn Registry>, options: TransferOptions) -> Self {
        Self { gate, registry, options }
    }

    /// The same connections, tokens and knowledge of what lies where, with an account, a memory of manifests and a
    /// listener of its own. `accesses` is all that will be done, so that one token covers it.
    #[must_use]
    pub fn for_target(&self, accesses: &[Access], events: Arc<dyn EventSink>) -> Self {
        let _ = (accesses, events);
        todo!()
    }

    /// What went over the wire on this account.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.registry.traffic()
    }

    /// What references point at now.
    pub async fn resolve(
        &self,
        caller: &Caller,
        references: &[Reference],
    ) -> Vec<Result<Descriptor, Failure>> {
        let _ = (caller, references, &self.gate, &self.options);
        todo!()
    }

    /// Waits until each reference can be read, all at the same time, within the caller's window.
    pub async fn await_readable(
        &self,
        caller: &Caller,
        references: &[Reference],
    ) -> Vec<Result<Manifest, Failure>> {
        let _ = (caller, references);
        todo!()
    }

    /// Waits until each reference, just written by this run, points at `digest`, within the caller's window.
    pub async fn await_digest(
        &self,
        caller: &Caller,
        references: &[Reference],
        digest: &Digest,
    ) -> Vec<Result<Descriptor, Failure>> {
        let _ = (caller, references, digest);
        todo!()
    }

    /// Reads manifests. What this target read or holds costs no request when asked for by digest.
    pub async fn manifests(
        &self,
        caller: &Caller,
        references: &[Reference],
    ) -> Vec<Result<Manifest, Failure>> {
        let _ = (caller, references);
        todo!()
    }

    /// Takes a manifest into this target's memory, under its digest. Writes nothing.
    ///
    /// # Errors
    /// It is no manifest.
    pub fn hold(&self, media_type: &str, bytes: Vec<u8>) -> Result<Descriptor, Failure> {
        let _ = (media_type, bytes);
        todo!()
    }

    /// Brings manifests, given by digest, and everything below them into a repository, by digest. Whatever several
    /// callers want in one place is brought there once.
    pub async fn copy(
        &self,
        caller: &Caller,
        sources: &[Reference],
        to: &Repository,
    ) -> Vec<Result<Copied, Failure>> {
        let _ = (caller, sources, to);
        todo!()
    }

    /// Puts a manifest that this target holds or has read: under these tags, or by its digest if there are none.
    ///
    /// # Errors
    /// The registry did not take it under all of them.
    pub async fn push(
        &self,
        caller: &Caller,
        to: &Repository,
        digest: &Digest,
        tags: &[Tag],
    ) -> Result<Descriptor, Failure> {
        let _ = (caller, to, digest, tags);
        todo!()
    }
}
