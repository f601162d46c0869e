//! The client: what its verbs share, and the port that it fills. The verbs themselves stand in files of their own.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use bakery_core::{
    model::{Descriptor, Digest, Manifest, Reference, RegistryHost, Repository, Tag},
    port::{
        Admission, BoxFuture, Failure,
        registry::{
            Access, BlobCursor, BlobSink, BlobSource, Mounted, Pushed, Registry, RegistryVerb, Traffic,
            UploadSession, Uploaded,
        },
    },
};
use reqwest::{Method, header::HeaderMap};

use super::{
    account::Account, context::Context, exchange::Call, host::Host, memory::Memory, options::RegistryOptions,
    payload::Payload, scope::Scopes, transport::Transport,
};

/// A client for all registries of a run: one pool of connections, one set of tokens, one memory.
pub struct RegistryClient {
    inner: Arc<Inner>,
    account: Arc<Account>,
}

/// Everything below the port.
pub(super) struct Inner {
    pub(super) options: RegistryOptions,
    pub(super) transport: Transport,
    pub(super) memory: Memory,
    hosts: Mutex<HashMap<RegistryHost, Arc<Host>>>,
}

impl RegistryClient {
    /// A client that has not connected to anything yet.
    #[must_use]
    pub fn new(options: RegistryOptions) -> Self {
        let transport = Transport::new(&options);
        let inner = Inner { options, transport, memory: Memory::default(), hosts: Mutex::default() };
        Self { inner: Arc::new(inner), account: Arc::default() }
    }

    fn context<'a>(
        &'a self,
        admission: &'a dyn Admission,
        verb: RegistryVerb,
        subject: &'a str,
    ) -> Context<'a> {
        Context { admission, account: &self.account, verb, subject }
    }
}

impl Inner {
    pub(super) fn host(&self, name: &RegistryHost) -> Arc<Host> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let host = hosts
            .entry(name.clone())
            .or_insert_with(|| Arc::new(Host::new(name.clone(), self.options.base(name))));
        host.clone()
    }

    /// A request below `/v2/<name>/` without headers and body.
    pub(super) fn call<'a>(
        &self,
        context: Context<'a>,
        method: Method,
        repository: &Repository,
        path: &str,
        scopes: Scopes,
    ) -> Call<'a> {
        let host = self.host(repository.registry());
        let url = host
            .base
            .join(&format!("v2/{}/{path}", repository.name()))
            .expect("names, tags and digests were checked to be made of harmless characters");
        Call { context, host, method, url, headers: HeaderMap::new(), payload: Payload::Empty, scopes }
    }
}

/// `repository@digest`, the subject of what is done with a blob.
pub(super) fn at(repository: &Repository, digest: &Digest) -> String {
    format!("{repository}@{digest}")
}

impl Registry for RegistryClient {
    fn announce(&self, accesses: &[Access]) {
        let mut registries: BTreeMap<&RegistryHost, Vec<&Access>> = BTreeMap::new();
        for access in accesses {
            registries.entry(access.repository.registry()).or_default().push(access);
        }
        for (registry, accesses) in registries {
            self.inner.host(registry).announce(Scopes::announced(accesses.into_iter()));
        }
    }

    fn with_own_account(&self) -> Arc<dyn Registry> {
        Arc::new(Self { inner: self.inner.clone(), account: Arc::default() })
    }

    fn traffic(&self) -> Traffic {
        self.account.traffic()
    }

    fn holds(&self, repository: &Repository, digest: &Digest) -> bool {
        self.inner.memory.holds(repository, digest)
    }

    fn takes_many_tags(&self, registry: &RegistryHost) -> Option<bool> {
        self.inner.host(registry).many_tags.get()
    }

    fn resolve<'a>(
        &'a self,
        admission: &'a dyn Admission,
        reference: &'a Reference,
    ) -> BoxFuture<'a, Result<Descriptor, Failure>> {
        Box::pin(async move {
            let subject = reference.to_string();
            self.inner.resolve(self.context(admission, RegistryVerb::Resolve, &subject), reference).await
        })
    }

    fn manifest<'a>(
        &'a self,
        admission: &'a dyn Admission,
        reference: &'a Reference,
    ) -> BoxFuture<'a, Result<Manifest, Failure>> {
        Box::pin(async move {
            let subject = reference.to_string();
            self.inner.manifest(self.context(admission, RegistryVerb::GetManifest, &subject), reference).await
        })
    }

    fn push_manifest<'a>(
        &'a self,
        admission: &'a dyn Admission,
        repository: &'a Repository,
        manifest: &'a Manifest,
        tags: &'a [Tag],
    ) -> BoxFuture<'a, Result<Pushed, Failure>> {
        Box::pin(async move {
            let subject = match tags {
                [tag] => format!("{repository}:{tag}"),
                _ => at(repository, manifest.digest()),
            };
            let context = self.context(admission, RegistryVerb::PutManifest, &subject);
            self.inner.push_manifest(context, repository, manifest, tags).await
        })
    }

    fn has_blob<'a>(
        &'a self,
        admission: &'a dyn Admission,
        repository: &'a Repository,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<bool, Failure>> {
        Box::pin(async move {
            let subject = at(repository, digest);
            self.inner
                .has_blob(self.context(admission, RegistryVerb::HasBlob, &subject), repository, digest)
                .await
        })
    }

    fn mount_blob<'a>(
        &'a self,
        admission: &'a dyn Admission,
        from: &'a Repository,
        to: &'a Repository,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<Mounted, Failure>> {
        Box::pin(async move {
            let subject = at(to, digest);
            self.inner
                .mount_blob(self.context(admission, RegistryVerb::Mount, &subject), from, to, digest)
                .await
        })
    }

    fn push_blob<'a>(
        &'a self,
        admission: &'a dyn Admission,
        repository: &'a Repository,
        blob: Arc<dyn BlobSource>,
    ) -> BoxFuture<'a, Result<Uploaded, Failure>> {
        Box::pin(async move {
            let subject = at(repository, blob.digest());
            let context = self.context(admission, RegistryVerb::FinishUpload, &subject);
            self.inner.push_blob(context, repository, blob).await
        })
    }

    fn begin_upload<'a>(
        &'a self,
        admission: &'a dyn Admission,
        repository: &'a Repository,
    ) -> BoxFuture<'a, Result<UploadSession, Failure>> {
        Box::pin(async move {
            let subject = repository.to_string();
            self.inner
                .begin_upload(self.context(admission, RegistryVerb::BeginUpload, &subject), repository)
                .await
        })
    }

    fn upload_chunk<'a>(
        &'a self,
        admission: &'a dyn Admission,
        session: &'a mut UploadSession,
        blob: Arc<dyn BlobSource>,
        length: u64,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let subject = at(&session.repository, blob.digest());
            let context = self.context(admission, RegistryVerb::PatchUpload, &subject);
            self.inner.upload_chunk(context, session, blob, length).await
        })
    }

    fn upload_status<'a>(
        &'a self,
        admission: &'a dyn Admission,
        session: &'a mut UploadSession,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let subject = session.repository.to_string();
            self.inner
                .upload_status(self.context(admission, RegistryVerb::UploadStatus, &subject), session)
                .await
        })
    }

    fn finish_upload<'a>(
        &'a self,
        admission: &'a dyn Admission,
        session: &'a UploadSession,
        blob: Arc<dyn BlobSource>,
    ) -> BoxFuture<'a, Result<Uploaded, Failure>> {
        Box::pin(async move {
            let subject = at(&session.repository, blob.digest());
            let context = self.context(admission, RegistryVerb::FinishUpload, &subject);
            self.inner.finish_upload(context, session, blob).await
        })
    }

    fn cancel_upload<'a>(
        &'a self,
        admission: &'a dyn Admission,
        session: &'a UploadSession,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let subject = session.repository.to_string();
            self.inner
                .cancel_upload(self.context(admission, RegistryVerb::CancelUpload, &subject), session)
                .await
        })
    }

    fn read_blob<'a>(
        &'a self,
        admission: &'a dyn Admission,
        repository: &'a Repository,
        cursor: &'a mut BlobCursor,
        sink: &'a mut dyn BlobSink,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let subject = at(repository, cursor.digest());
            let context = self.context(admission, RegistryVerb::GetBlob, &subject);
            self.inner.read_blob(context, repository, cursor, sink).await
        })
    }

    fn referrers<'a>(
        &'a self,
        admission: &'a dyn Admission,
        repository: &'a Repository,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<Vec<Descriptor>, Failure>> {
        Box::pin(async move {
            let subject = at(repository, digest);
            self.inner
                .referrers(self.context(admission, RegistryVerb::Referrers, &subject), repository, digest)
                .await
        })
    }
}
