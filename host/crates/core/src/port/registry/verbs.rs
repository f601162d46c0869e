//! The verbs of a registry, one attempt each. Says nothing of retries and of the order of verbs.

use std::sync::Arc;

use super::{Access, BlobCursor, BlobSink, BlobSource, Mounted, Pushed, Traffic, UploadSession, Uploaded};
use crate::{
    model::{Descriptor, Digest, Manifest, Reference, RegistryHost, Repository, Tag},
    port::{Admission, BoxFuture, Failure},
};

/// The backend: no retry, no waiting between attempts, no policy. Every failure carries a
/// [`super::RegistryFault`]; every body is bounded, and hashed wherever a digest says what it must be.
///
/// One attempt may cost more than one request: a token, a redirect, GET where HEAD says too little.
pub trait Registry: Send + Sync {
    /// Says what a run will do, so that one token covers it. Accesses of one call that lie in one registry share one.
    fn announce(&self, accesses: &[Access]);

    /// The same registries, connections, tokens and memory, with an account of its own: one per target.
    fn with_own_account(&self) -> Arc<dyn Registry>;

    /// What went over the wire on this account. Who buys a token that others share pays for it.
    fn traffic(&self) -> Traffic;

    /// Whether a repository is known to hold a blob or manifest, because it said so during this run.
    /// `false` means unknown, never absent.
    fn holds(&self, repository: &Repository, digest: &Digest) -> bool;

    /// Whether a registry takes several tags with one push; `None` before it was seen.
    fn takes_many_tags(&self, registry: &RegistryHost) -> Option<bool>;

    /// Finds out what a reference points at, without its content where the registry allows that.
    ///
    /// By tag, the digest is what the registry says; only [`Registry::manifest`] proves it.
    fn resolve<'a>(
        &'a self,
        admission: &'a dyn Admission,
        reference: &'a Reference,
    ) -> BoxFuture<'a, Result<Descriptor, Failure>>;

    /// Gets a manifest or index: at most 4 MiB, its exact bytes, hashed.
    fn manifest<'a>(
        &'a self,
        admission: &'a dyn Admission,
        reference: &'a Reference,
    ) -> BoxFuture<'a, Result<Manifest, Failure>>;

    /// Puts a manifest, with one request: by its digest if there are no tags, else under tags.
    ///
    /// Several tags go along only where the registry takes that: [`Pushed::tags`] says which ones were acknowledged.
    /// A registry not seen before is tried with all of them. Call it again with the rest until none is left.
    fn push_manifest<'a>(
        &'a self,
        admission: &'a dyn Admission,
        repository: &'a Repository,
        manifest: &'a Manifest,
        tags: &'a [Tag],
    ) -> BoxFuture<'a, Result<Pushed, Failure>>;

    /// Whether a repository holds a blob. What is known already is not asked again.
    fn has_blob<'a>(
        &'a self,
        admission: &'a dyn Admission,
        repository: &'a Repository,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<bool, Failure>>;

    /// Makes a blob of one repository appear in another one of the same registry.
    fn mount_blob<'a>(
        &'a self,
        admission: &'a dyn Admission,
        from: &'a Repository,
        to: &'a Repository,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<Mounted, Failure>>;

    /// Sends a whole blob. A second attempt first asks whether the first one arrived after all.
    fn push_blob<'a>(
        &'a self,
        admission: &'a dyn Admission,
        repository: &'a Repository,
        blob: Arc<dyn BlobSource>,
    ) -> BoxFuture<'a, Result<Uploaded, Failure>>;

    /// Opens an upload.
    fn begin_upload<'a>(
        &'a self,
        admission: &'a dyn Admission,
        repository: &'a Repository,
    ) -> BoxFuture<'a, Result<UploadSession, Failure>>;

    /// Sends the next `length` bytes, from the session's offset on; the session then says how far the registry got.
    /// After a failure ask [`Registry::upload_status`] before the next piece.
    fn upload_chunk<'a>(
        &'a self,
        admission: &'a dyn Admission,
        session: &'a mut UploadSession,
        blob: Arc<dyn BlobSource>,
        length: u64,
    ) -> BoxFuture<'a, Result<(), Failure>>;

    /// Brings a session up to what the registry has.
    fn upload_status<'a>(
        &'a self,
        admission: &'a dyn Admission,
        session: &'a mut UploadSession,
    ) -> BoxFuture<'a, Result<(), Failure>>;

    /// Sends whatever is left, all of it for a fresh session, and ends the upload.
    fn finish_upload<'a>(
        &'a self,
        admission: &'a dyn Admission,
        session: &'a UploadSession,
        blob: Arc<dyn BlobSource>,
    ) -> BoxFuture<'a, Result<Uploaded, Failure>>;

    /// Gives an upload up. A session that is gone already is no failure.
    fn cancel_upload<'a>(
        &'a self,
        admission: &'a dyn Admission,
        session: &'a UploadSession,
    ) -> BoxFuture<'a, Result<(), Failure>>;

    /// Reads a blob from where the cursor is to the end. Bytes that are not the blob restart cursor and sink.
    fn read_blob<'a>(
        &'a self,
        admission: &'a dyn Admission,
        repository: &'a Repository,
        cursor: &'a mut BlobCursor,
        sink: &'a mut dyn BlobSink,
    ) -> BoxFuture<'a, Result<(), Failure>>;

    /// Lists what refers to a manifest: asked of the registry, or read from the tag that stands in for its answer.
    fn referrers<'a>(
        &'a self,
        admission: &'a dyn Admission,
        repository: &'a Repository,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<Vec<Descriptor>, Failure>>;
}
