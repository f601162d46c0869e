//! Registries that are only read: writes are pretended and remembered, so that later reads of the same run see them.
//! Sends nothing but what another registry sends for reading.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use bakery_core::{
    model::{Descriptor, Digest, Manifest, Reference, RegistryHost, Repository, Selector, Tag},
    port::{
        Admission, BoxFuture, Failure, FailureKind,
        registry::{
            Access, BlobCursor, BlobSink, BlobSource, Mounted, Party, Pushed, Registry, RegistryFault,
            RegistryVerb, Traffic, UploadSession, Uploaded,
        },
    },
};
use url::Url;

/// A registry that is read, and only pretended to be written.
pub struct DryRun {
    inner: Arc<dyn Registry>,
    pretended: Arc<Mutex<Pretended>>,
}

/// What would be there if the writes had happened.
#[derive(Default)]
struct Pretended {
    manifests: HashMap<(Repository, Digest), Manifest>,
    tags: HashMap<(Repository, Tag), Digest>,
    blobs: HashSet<(Repository, Digest)>,
    /// Repositories that would be written: whatever cannot be read there is absent.
    destinations: HashSet<Repository>,
    warned: HashSet<Repository>,
}

impl DryRun {
    /// Reads from `inner` and writes nowhere.
    #[must_use]
    pub fn new(inner: Arc<dyn Registry>) -> Self {
        Self { inner, pretended: Arc::default() }
    }

    fn pretended(&self) -> std::sync::MutexGuard<'_, Pretended> {
        self.pretended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a reference would point at by now, where it was pretended to be written.
    fn written(&self, reference: &Reference) -> Option<Manifest> {
        let pretended = self.pretended();
        let repository = reference.repository();
        let digest = match reference.selector() {
            Selector::Digest(digest) => digest,
            Selector::Tag(tag) => pretended.tags.get(&(repository.clone(), tag))?.clone(),
        };
        pretended.manifests.get(&(repository.clone(), digest)).cloned()
    }

    fn learn_blob(&self, repository: &Repository, digest: &Digest) {
        self.pretended().blobs.insert((repository.clone(), digest.clone()));
    }

    /// A destination that may not be read, or does not exist, holds nothing: a run that writes would find out more.
    fn absent(&self, repository: &Repository, verb: RegistryVerb, failure: Failure) -> Failure {
        if !matches!(failure.kind, FailureKind::Unauthorized | FailureKind::Denied) {
            return failure;
        }
        let mut pretended = self.pretended();
        if !pretended.destinations.contains(repository) {
            return failure;
        }
        if pretended.warned.insert(repository.clone()) {
            tracing::warn!(%repository, reason = %failure.message, "cannot be read: counted as empty in this dry run");
        }
        let message = format!("`{repository}` cannot be read and counts as empty: {}", failure.message);
        Failure::new(FailureKind::NotFound, failure.subject, message)
            .with_registry(RegistryFault::new(verb, Party::Bakery))
    }
}

impl Registry for DryRun {
    fn announce(&self, accesses: &[Access]) {
        let destinations = accesses.iter().filter(|access| access.push);
        self.pretended().destinations.extend(destinations.map(|access| access.repository.clone()));
        // Who only looks needs no right to write.
        let reads: Vec<Access> =
            accesses.iter().map(|access| Access::pull(access.repository.clone())).collect();
        self.inner.announce(&reads);
    }

    fn with_own_account(&self) -> Arc<dyn Registry> {
        Arc::new(Self { inner: self.inner.with_own_account(), pretended: self.pretended.clone() })
    }

    fn traffic(&self) -> Traffic {
        self.inner.traffic()
    }

    fn holds(&self, repository: &Repository, digest: &Digest) -> bool {
        let key = (repository.clone(), digest.clone());
        let pretended = self.pretended();
        pretended.blobs.contains(&key)
            || pretended.manifests.contains_key(&key)
            || self.inner.holds(repository, digest)
    }

    fn takes_many_tags(&self, registry: &RegistryHost) -> Option<bool> {
        self.inner.takes_many_tags(registry)
    }

    fn resolve<'a>(
        &'a self,
        admission: &'a dyn Admission,
        reference: &'a Reference,
    ) -> BoxFuture<'a, Result<Descriptor, Failure>> {
        Box::pin(async move {
            if let Some(manifest) = self.written(reference) {
                return Ok(manifest.descriptor());
            }
            let found = self.inner.resolve(admission, reference).await;
            found.map_err(|failure| self.absent(reference.repository(), RegistryVerb::Resolve, failure))
        })
    }

    fn manifest<'a>(
        &'a self,
        admission: &'a dyn Admission,
        reference: &'a Reference,
    ) -> BoxFuture<'a, Result<Manifest, Failure>> {
        Box::pin(async move {
            if let Some(manifest) = self.written(reference) {
                return Ok(manifest);
            }
            let found = self.inner.manifest(admission, reference).await;
            found.map_err(|failure| self.absent(reference.repository(), RegistryVerb::GetManifest, failure))
        })
    }

    fn push_manifest<'a>(
        &'a self,
        _admission: &'a dyn Admission,
        repository: &'a Repository,
        manifest: &'a Manifest,
        tags: &'a [Tag],
    ) -> BoxFuture<'a, Result<Pushed, Failure>> {
        let digest = manifest.digest().clone();
        let mut pretended = self.pretended();
        pretended.manifests.insert((repository.clone(), digest.clone()), manifest.clone());
        for tag in tags {
            pretended.tags.insert((repository.clone(), tag.clone()), digest.clone());
        }
        let subject_kept = manifest.subject().map(|_| true);
        Box::pin(std::future::ready(Ok(Pushed { digest, tags: tags.to_vec(), subject_kept })))
    }

    fn has_blob<'a>(
        &'a self,
        admission: &'a dyn Admission,
        repository: &'a Repository,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<bool, Failure>> {
        Box::pin(async move {
            if self.holds(repository, digest) {
                return Ok(true);
            }
            match self.inner.has_blob(admission, repository, digest).await {
                Ok(there) => Ok(there),
                Err(failure) => match self.absent(repository, RegistryVerb::HasBlob, failure) {
                    absent if absent.kind == FailureKind::NotFound => Ok(false),
                    failure => Err(failure),
                },
            }
        })
    }

    fn mount_blob<'a>(
        &'a self,
        _admission: &'a dyn Admission,
        _from: &'a Repository,
        to: &'a Repository,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<Mounted, Failure>> {
        let mounted = if self.holds(to, digest) {
            Mounted::Known
        } else {
            self.learn_blob(to, digest);
            Mounted::Done
        };
        Box::pin(std::future::ready(Ok(mounted)))
    }

    fn push_blob<'a>(
        &'a self,
        _admission: &'a dyn Admission,
        repository: &'a Repository,
        blob: Arc<dyn BlobSource>,
    ) -> BoxFuture<'a, Result<Uploaded, Failure>> {
        let uploaded = if self.holds(repository, blob.digest()) {
            Uploaded::Present
        } else {
            self.learn_blob(repository, blob.digest());
            Uploaded::Sent(blob.size())
        };
        Box::pin(std::future::ready(Ok(uploaded)))
    }

    fn begin_upload<'a>(
        &'a self,
        _admission: &'a dyn Admission,
        repository: &'a Repository,
    ) -> BoxFuture<'a, Result<UploadSession, Failure>> {
        let location = Url::parse("dry-run:upload").expect("the text is a URL");
        let session = UploadSession { repository: repository.clone(), location, offset: 0, min_chunk: 0 };
        Box::pin(std::future::ready(Ok(session)))
    }

    fn upload_chunk<'a>(
        &'a self,
        _admission: &'a dyn Admission,
        session: &'a mut UploadSession,
        blob: Arc<dyn BlobSource>,
        length: u64,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        session.offset = session.offset.saturating_add(length).min(blob.size());
        Box::pin(std::future::ready(Ok(())))
    }

    fn upload_status<'a>(
        &'a self,
        _admission: &'a dyn Admission,
        _session: &'a mut UploadSession,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn finish_upload<'a>(
        &'a self,
        _admission: &'a dyn Admission,
        session: &'a UploadSession,
        blob: Arc<dyn BlobSource>,
    ) -> BoxFuture<'a, Result<Uploaded, Failure>> {
        self.learn_blob(&session.repository, blob.digest());
        let sent = blob.size().saturating_sub(session.offset);
        Box::pin(std::future::ready(Ok(Uploaded::Sent(sent))))
    }

    fn cancel_upload<'a>(
        &'a self,
        _admission: &'a dyn Admission,
        _session: &'a UploadSession,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn read_blob<'a>(
        &'a self,
        admission: &'a dyn Admission,
        repository: &'a Repository,
        cursor: &'a mut BlobCursor,
        sink: &'a mut dyn BlobSink,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        self.inner.read_blob(admission, repository, cursor, sink)
    }

    fn referrers<'a>(
        &'a self,
        admission: &'a dyn Admission,
        repository: &'a Repository,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<Vec<Descriptor>, Failure>> {
        self.inner.referrers(admission, repository, digest)
    }
}
