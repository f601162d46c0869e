//! Blobs on their way up: in one request, in two, or in pieces. Sends no bytes that are not the blob.

use std::sync::Arc;

use bakery_core::{
    model::Repository,
    port::{
        Failure, FailureKind,
        registry::{BlobSource, Party, RegistryVerb, UploadSession, Uploaded},
    },
};
use reqwest::{
    Method,
    header::{CONTENT_RANGE, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, RANGE},
};
use url::Url;

use super::{
    answer::Answer, client::Inner, context::Context, exchange::Call, payload::Payload, redirect,
    scope::Scopes,
};

const MIN_CHUNK: HeaderName = HeaderName::from_static("oci-chunk-min-length");

/// Up to this many bytes a blob is worth the try to send it with the POST: many registries ignore the body and open
/// an upload instead.
const SMALL: u64 = 64 << 10;

impl Inner {
    pub(super) async fn push_blob(
        &self,
        context: Context<'_>,
        repository: &Repository,
        blob: Arc<dyn BlobSource>,
    ) -> Result<Uploaded, Failure> {
        let Some(_claim) = self.memory.claim(repository, blob.digest()).await else {
            return Ok(Uploaded::Present);
        };
        // The first attempt may have arrived although its answer did not. Where the question itself is refused, the
        // upload has the last word.
        if context.admission.attempt() > 1
            && matches!(self.has_blob(context, repository, blob.digest()).await, Ok(true))
        {
            return Ok(Uploaded::Present);
        }
        let host = self.host(repository.registry());
        let session = if blob.size() <= SMALL && host.single_post.get() != Some(false) {
            match self.post_blob(context, repository, &blob).await? {
                Posted::Done => {
                    host.single_post.set(true);
                    return Ok(Uploaded::Sent(blob.size()));
                }
                Posted::Opened(session) => {
                    host.single_post.set(false);
                    session
                }
                Posted::Unsupported => {
                    host.single_post.set(false);
                    self.begin_upload(context, repository).await?
                }
            }
        } else {
            self.begin_upload(context, repository).await?
        };
        self.finish_upload(context, &session, blob).await
    }

    async fn post_blob(
        &self,
        context: Context<'_>,
        repository: &Repository,
        blob: &Arc<dyn BlobSource>,
    ) -> Result<Posted, Failure> {
        let scopes = Scopes::push(repository);
        let mut call = self.call(context, Method::POST, repository, "blobs/uploads/", scopes);
        call.url.query_pairs_mut().append_pair("digest", blob.digest().as_str());
        call.headers.insert(CONTENT_TYPE, OCTETS);
        call.payload = Payload::Blob { source: blob.clone(), offset: 0, length: blob.size() };
        let answer = self.exchange(&call).await?;
        match answer.status() {
            201 => {
                self.acknowledged(&context, &answer, blob.digest())?;
                self.memory.learn(repository, blob.digest());
                Ok(Posted::Done)
            }
            202 => Ok(Posted::Opened(session(&context, &call.url, &answer, repository)?)),
            405 | 411 | 415 | 501 => Ok(Posted::Unsupported),
            _ => Err(self.upload_refusal(&call, answer).await),
        }
    }

    pub(super) async fn begin_upload(
        &self,
        context: Context<'_>,
        repository: &Repository,
    ) -> Result<UploadSession, Failure> {
        let context = context.doing(RegistryVerb::BeginUpload);
        let call = self.call(context, Method::POST, repository, "blobs/uploads/", Scopes::push(repository));
        let answer = self.exchange(&call).await?;
        match answer.status() {
            202 => session(&context, &call.url, &answer, repository),
            _ => Err(self.upload_refusal(&call, answer).await),
        }
    }

    pub(super) async fn upload_chunk(
        &self,
        context: Context<'_>,
        session: &mut UploadSession,
        blob: Arc<dyn BlobSource>,
        length: u64,
    ) -> Result<(), Failure> {
        let start = session.offset;
        let length = length.min(blob.size().saturating_sub(start));
        if length == 0 {
            return Ok(());
        }
        let end = start + length;
        let mut call = self.session_call(context, Method::PATCH, session);
        call.headers.insert(CONTENT_TYPE, OCTETS);
        // The specification's form has no unit.
        let range =
            HeaderValue::from_str(&format!("{start}-{}", end - 1)).expect("digits are a header's text");
        call.headers.insert(CONTENT_RANGE, range);
        call.payload = Payload::Blob { source: blob, offset: start, length };
        let answer = self.exchange(&call).await?;
        match answer.status() {
            202 | 201 | 204 => {
                let received = received(&answer, end).unwrap_or(end);
                if received > end {
                    let message = format!("{} counts {received} bytes where {end} were sent", answer.what());
                    return Err(context.corrupt(answer.party(), message));
                }
                move_on(&context, &call.url, &answer, session)?;
                session.offset = received;
                Ok(())
            }
            416 => {
                // The registry says where to go on, if it says anything.
                move_on(&context, &call.url, &answer, session)?;
                session.offset = received(&answer, start).unwrap_or(start).min(end);
                Err(self.refusal(&call, answer).await)
            }
            _ => Err(self.refusal(&call, answer).await),
        }
    }

    pub(super) async fn upload_status(
        &self,
        context: Context<'_>,
        session: &mut UploadSession,
    ) -> Result<(), Failure> {
        let call = self.session_call(context, Method::GET, session);
        let answer = self.exchange(&call).await?;
        if !matches!(answer.status(), 204 | 200 | 202) {
            return Err(self.refusal(&call, answer).await);
        }
        let Some(received) = received(&answer, session.offset) else {
            let message = format!("{} does not say how far the upload got", answer.what());
            return Err(context.failure(FailureKind::Internal, answer.party(), message));
        };
        move_on(&context, &call.url, &answer, session)?;
        session.offset = received;
        Ok(())
    }

    pub(super) async fn finish_upload(
        &self,
        context: Context<'_>,
        session: &UploadSession,
        blob: Arc<dyn BlobSource>,
    ) -> Result<Uploaded, Failure> {
        let Some(length) = blob.size().checked_sub(session.offset) else {
            let message = format!("the upload has {} bytes, the blob only {}", session.offset, blob.size());
            return Err(context.failure(FailureKind::Conflict, Party::Bakery, message));
        };
        let (repository, digest) = (&session.repository, blob.digest().clone());
        let mut call = self.session_call(context, Method::PUT, session);
        call.url.query_pairs_mut().append_pair("digest", digest.as_str());
        call.headers.insert(CONTENT_TYPE, OCTETS);
        if session.offset > 0 && length > 0 {
            let range = format!("{}-{}", session.offset, blob.size() - 1);
            call.headers
                .insert(CONTENT_RANGE, HeaderValue::from_str(&range).expect("digits are a header's text"));
        }
        call.payload = match length {
            0 => Payload::Empty,
            length => Payload::Blob { source: blob, offset: session.offset, length },
        };
        let answer = self.exchange(&call).await?;
        match answer.status() {
            201 | 204 => {
                self.acknowledged(&context, &answer, &digest)?;
                self.memory.learn(repository, &digest);
                Ok(Uploaded::Sent(length))
            }
            404 => {
                // A registry that took the blob and lost its answer has closed the upload.
                let failure = self.refusal(&call, answer).await;
                match self.has_blob(context, repository, &digest).await {
                    Ok(true) => Ok(Uploaded::Present),
                    Ok(false) | Err(_) => Err(failure),
                }
            }
            _ => Err(self.refusal(&call, answer).await),
        }
    }

    pub(super) async fn cancel_upload(
        &self,
        context: Context<'_>,
        session: &UploadSession,
    ) -> Result<(), Failure> {
        let call = self.session_call(context, Method::DELETE, session);
        let answer = self.exchange(&call).await?;
        match answer.status() {
            200 | 202 | 204 | 404 => Ok(()),
            _ => Err(self.refusal(&call, answer).await),
        }
    }

    /// A request to where an upload lies, which may be another origin: then it goes without credentials.
    fn session_call<'a>(&self, context: Context<'a>, method: Method, session: &UploadSession) -> Call<'a> {
        let repository = &session.repository;
        let call = self.call(context, method, repository, "", Scopes::push(repository));
        Call { url: session.location.clone(), ..call }
    }

    async fn upload_refusal(&self, call: &Call<'_>, answer: Answer) -> Failure {
        let failure = self.refusal(call, answer).await;
        match failure.kind {
            FailureKind::NotFound => failure.with_hint(
                "create the repository first: this registry does not create one on the first push",
            ),
            _ => failure,
        }
    }
}

const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// How a POST with a blob ended.
enum Posted {
    Done,
    Opened(UploadSession),
    Unsupported,
}

/// The upload that an answer opens.
pub(super) fn session(
    context: &Context<'_>,
    from: &Url,
    answer: &Answer,
    repository: &Repository,
) -> Result<UploadSession, Failure> {
    let mut session = UploadSession {
        repository: repository.clone(),
        location: from.clone(),
        offset: 0,
        min_chunk: answer.header(&MIN_CHUNK).and_then(|text| text.trim().parse().ok()).unwrap_or(0),
    };
    if answer.header(&LOCATION).is_none() {
        let message = format!("{} opened an upload without saying where", answer.what());
        return Err(context.failure(FailureKind::Internal, answer.party(), message));
    }
    move_on(context, from, answer, &mut session)?;
    Ok(session)
}

/// Takes the place of the next piece from an answer, where it names one.
fn move_on(
    context: &Context<'_>,
    from: &Url,
    answer: &Answer,
    session: &mut UploadSession,
) -> Result<(), Failure> {
    if let Some(location) = answer.header(&LOCATION) {
        session.location = redirect::target(from, location)
            .map_err(|reason| context.refused(format!("{} was answered with {reason}", answer.what())))?;
    }
    Ok(())
}

/// Bytes that the registry has: `0-9` are ten. `0-0` is what it says for none, and for one.
fn received(answer: &Answer, expected: u64) -> Option<u64> {
    let text = answer.header(&RANGE)?.trim();
    let (start, end) = text.strip_prefix("bytes=").unwrap_or(text).split_once('-')?;
    match (start.trim().parse::<u64>().ok()?, end.trim().parse::<u64>().ok()?) {
        (0, 0) => Some(u64::from(expected == 1)),
        (0, end) => end.checked_add(1),
        _ => None,
    }
}
