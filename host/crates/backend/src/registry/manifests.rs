//! Manifests and indexes: resolve, get, put. Never writes one again from its parts.

use bakery_core::{
    model::{
        Descriptor, Digest, MAX_MANIFEST_BYTES, Manifest, Reference, Repository, Selector, Tag, media_type,
    },
    port::{
        Failure, FailureKind,
        registry::{Party, Pushed, RegistryVerb},
    },
};
use bytes::Bytes;
use reqwest::{
    Method,
    header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue},
};

use super::{
    answer::Answer, client::Inner, context::Context, exchange::Call, payload::Payload, refusal::one_line,
    scope::Scopes,
};

/// What the registry says a manifest's digest is. Believed only where there are no bytes to hash.
pub(super) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
const OCI_TAG: HeaderName = HeaderName::from_static("oci-tag");
const OCI_SUBJECT: HeaderName = HeaderName::from_static("oci-subject");

/// Without it some registries say that an OCI manifest is not there.
fn accept() -> HeaderValue {
    HeaderValue::from_str(&media_type::MANIFESTS.join(", ")).expect("media types are a header's text")
}

impl Inner {
    pub(super) async fn resolve(
        &self,
        context: Context<'_>,
        reference: &Reference,
    ) -> Result<Descriptor, Failure> {
        let call = self.read_call(context, Method::HEAD, reference);
        let answer = self.exchange(&call).await?;
        match answer.status() {
            200 => {
                if let Some(descriptor) = described(&context, reference, &answer)? {
                    self.learn_manifest(reference, &descriptor.digest);
                    return Ok(descriptor);
                }
            }
            // HEAD is not known there, or its refusal has no words: a rate limit and a closed door look alike.
            403 | 405 | 501 => {}
            _ => return Err(self.refusal(&call, answer).await),
        }
        Ok(self.manifest(context, reference).await?.descriptor())
    }

    pub(super) async fn manifest(
        &self,
        context: Context<'_>,
        reference: &Reference,
    ) -> Result<Manifest, Failure> {
        let context = context.doing(RegistryVerb::GetManifest);
        let call = self.read_call(context, Method::GET, reference);
        let mut answer = self.exchange(&call).await?;
        if answer.status() != 200 {
            return Err(self.refusal(&call, answer).await);
        }
        let party = answer.party();
        if answer.media_type() == Some("text/html") {
            let message = format!("{} was answered with a page for people, not a manifest", answer.what());
            return Err(context
                .failure(FailureKind::Internal, party, message)
                .with_hint("a proxy or a login page stands before the registry"));
        }
        let said: Option<Digest> = answer.header(&CONTENT_DIGEST).and_then(|text| text.parse().ok());
        let content_type = answer.media_type().map(str::to_owned);
        let body = answer.body(&context, MAX_MANIFEST_BYTES).await?;
        let digest = Digest::of(&body);
        let wanted = match reference.selector() {
            Selector::Digest(wanted) => Some(wanted),
            Selector::Tag(_) => said,
        };
        if let Some(wanted) = wanted.filter(|wanted| *wanted != digest) {
            let message = format!("{} was answered with `{digest}` instead of `{wanted}`", answer.what());
            return Err(context.corrupt(party, message));
        }
        let manifest = Manifest::parse(body, content_type.as_deref()).map_err(|error| {
            let message = format!("{} was answered with something else: {error}", answer.what());
            context.failure(FailureKind::Internal, party, one_line(&message))
        })?;
        self.learn_manifest(reference, manifest.digest());
        Ok(manifest)
    }

    pub(super) async fn push_manifest(
        &self,
        context: Context<'_>,
        repository: &Repository,
        manifest: &Manifest,
        tags: &[Tag],
    ) -> Result<Pushed, Failure> {
        let host = self.host(repository.registry());
        let together = match tags {
            [_, _, ..] if host.many_tags.get() != Some(false) => tags,
            [first, ..] => std::slice::from_ref(first),
            [] => &[],
        };
        let place = match together {
            [tag] => tag.as_str(),
            _ => manifest.digest().as_str(),
        };
        let path = format!("manifests/{place}");
        let mut call = self.call(context, Method::PUT, repository, &path, Scopes::push(repository));
        if together.len() > 1 {
            let mut query = call.url.query_pairs_mut();
            for tag in together {
                query.append_pair("tag", tag.as_str());
            }
        }
        let content_type = HeaderValue::from_str(manifest.media_type()).map_err(|_| {
            context.failure(FailureKind::InvalidInput, Party::Bakery, "the media type is not text")
        })?;
        call.headers.insert(CONTENT_TYPE, content_type);
        call.payload = Payload::Bytes(Bytes::from_owner(manifest.bytes().clone()));
        let answer = self.exchange(&call).await?;
        // Too many tags for its URL or its headers: it may still take them one by one.
        if together.len() > 1 && matches!(answer.status(), 414 | 431) {
            host.many_tags.set(false);
            return Ok(Pushed { digest: manifest.digest().clone(), tags: Vec::new(), subject_kept: None });
        }
        if !matches!(answer.status(), 200 | 201) {
            let failure = self.refusal(&call, answer).await;
            self.forget_lacking(repository, manifest, &failure);
            return Err(failure);
        }
        self.acknowledged(&context, &answer, manifest.digest())?;
        let tags = match together {
            [] => Vec::new(),
            [tag] => vec![tag.clone()],
            several => {
                let tags = acknowledged_tags(&answer, several);
                host.many_tags.set(!tags.is_empty());
                tags
            }
        };
        self.memory.learn(repository, manifest.digest());
        let subject_kept = manifest.subject().map(|_| answer.header(&OCI_SUBJECT).is_some());
        Ok(Pushed { digest: manifest.digest().clone(), tags, subject_kept })
    }

    /// Whether the registry stored what was sent: it may say nothing, but nothing else.
    pub(super) fn acknowledged(
        &self,
        context: &Context<'_>,
        answer: &Answer,
        sent: &Digest,
    ) -> Result<(), Failure> {
        match answer.header(&CONTENT_DIGEST).and_then(|text| text.parse::<Digest>().ok()) {
            Some(stored) if stored != *sent => {
                let message = format!("{} stored `{stored}` instead of `{sent}`", answer.what());
                Err(context.corrupt(answer.party(), message))
            }
            _ => Ok(()),
        }
    }

    fn read_call<'a>(&self, context: Context<'a>, method: Method, reference: &Reference) -> Call<'a> {
        let repository = reference.repository();
        let path = format!("manifests/{}", reference.selector().as_str());
        let mut call = self.call(context, method, repository, &path, Scopes::pull(repository));
        call.headers.insert(ACCEPT, accept());
        call
    }

    /// Only what was asked for by digest is a fact: what a tag points at may be gone when the tag moves.
    fn learn_manifest(&self, reference: &Reference, digest: &Digest) {
        if reference.digest().is_some() {
            self.memory.learn(reference.repository(), digest);
        }
    }

    /// A registry that misses parts of a manifest contradicts what was known about them.
    fn forget_lacking(&self, repository: &Repository, manifest: &Manifest, failure: &Failure) {
        if failure.kind != FailureKind::Conflict {
            return;
        }
        let named = failure.registry.as_ref().map(|fault| fault.digests.as_slice()).unwrap_or_default();
        if named.is_empty() {
            let blobs = manifest.blobs();
            let parts = blobs.into_iter().chain(manifest.manifests()).map(|part| &part.digest);
            self.memory.forget(repository, parts);
        } else {
            self.memory.forget(repository, named.iter());
        }
    }
}

/// The descriptor that headers give; `None` where they do not say enough.
fn described(
    context: &Context<'_>,
    reference: &Reference,
    answer: &Answer,
) -> Result<Option<Descriptor>, Failure> {
    let said: Option<Digest> = answer.header(&CONTENT_DIGEST).and_then(|text| text.parse().ok());
    let digest = match (reference.selector(), said) {
        (Selector::Digest(wanted), Some(said)) if said != wanted => {
            let message = format!("{} was answered for `{said}` instead of `{wanted}`", answer.what());
            return Err(context.corrupt(answer.party(), message));
        }
        (Selector::Digest(wanted), _) => wanted,
        (Selector::Tag(_), Some(said)) => said,
        (Selector::Tag(_), None) => return Ok(None),
    };
    let (Some(size), Some(kind)) = (answer.length(), answer.media_type()) else { return Ok(None) };
    Ok(media_type::MANIFESTS.contains(&kind).then(|| Descriptor::new(kind, digest, size)))
}

/// The tags that `OCI-Tag` names, of those that were asked for: one per header, or joined by commas.
fn acknowledged_tags(answer: &Answer, asked: &[Tag]) -> Vec<Tag> {
    let named: Vec<&str> =
        answer.headers(&OCI_TAG).flat_map(|value| value.split(',')).map(str::trim).collect();
    asked.iter().filter(|tag| named.contains(&tag.as_str())).cloned().collect()
}
