//! Blobs at rest: is it there, make it appear from next door, read it. Believes no size and no digest but those it
//! was given.

use bakery_core::{
    model::{Digest, Repository},
    port::{
        Failure, FailureKind,
        registry::{BlobCursor, BlobSink, Mounted, Party, RegistryVerb},
    },
};
use reqwest::{
    Method,
    header::{CONTENT_RANGE, HeaderValue, RANGE},
};

use super::{answer::Answer, client::Inner, context::Context, scope::Scopes, uploads};

impl Inner {
    pub(super) async fn has_blob(
        &self,
        context: Context<'_>,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<bool, Failure> {
        if self.memory.holds(repository, digest) {
            return Ok(true);
        }
        let context = context.doing(RegistryVerb::HasBlob);
        let call = self.call(
            context,
            Method::HEAD,
            repository,
            &format!("blobs/{digest}"),
            Scopes::pull(repository),
        );
        let answer = self.exchange(&call).await?;
        match answer.status() {
            200 => {
                self.memory.learn(repository, digest);
                Ok(true)
            }
            404 => Ok(false),
            _ => Err(self.refusal(&call, answer).await),
        }
    }

    pub(super) async fn mount_blob(
        &self,
        context: Context<'_>,
        from: &Repository,
        to: &Repository,
        digest: &Digest,
    ) -> Result<Mounted, Failure> {
        if from.registry() != to.registry() {
            let message =
                format!("`{from}` and `{to}` are in different registries: a blob cannot be mounted");
            return Err(context.failure(FailureKind::InvalidInput, Party::Bakery, message));
        }
        let Some(_claim) = self.memory.claim(to, digest).await else { return Ok(Mounted::Known) };
        if self.memory.never_mounts(from, to) {
            return Ok(Mounted::Refused(None));
        }
        let scopes = Scopes::push(to).and(Scopes::pull(from));
        let mut call = self.call(context, Method::POST, to, "blobs/uploads/", scopes);
        call.url.query_pairs_mut().append_pair("mount", digest.as_str()).append_pair("from", from.name());
        let answer = self.exchange(&call).await?;
        match answer.status() {
            201 => {
                self.acknowledged(&context, &answer, digest)?;
                self.memory.learn(to, digest);
                Ok(Mounted::Done)
            }
            202 => Ok(Mounted::Upload(uploads::session(&context, &call.url, &answer, to)?)),
            status => {
                let failure = self.refusal(&call, answer).await;
                match failure.kind {
                    FailureKind::RateLimited | FailureKind::Unavailable | FailureKind::Internal => {
                        Err(failure)
                    }
                    _ => {
                        // An absent blob says nothing about the next one; a closed door does.
                        if matches!(status, 401 | 403 | 405) {
                            self.memory.refuse_mounts(from, to);
                        }
                        Ok(Mounted::Refused(Some(failure)))
                    }
                }
            }
        }
    }

    pub(super) async fn read_blob(
        &self,
        context: Context<'_>,
        repository: &Repository,
        cursor: &mut BlobCursor,
        sink: &mut dyn BlobSink,
    ) -> Result<(), Failure> {
        // Only a cursor that failed at its very last step is at the end.
        if cursor.remaining() == 0 && cursor.size() > 0 && cursor.is_complete() {
            return Ok(());
        }
        let path = format!("blobs/{}", cursor.digest());
        let mut call = self.call(context, Method::GET, repository, &path, Scopes::pull(repository));
        if cursor.offset() > 0 {
            call.headers.insert(RANGE, range_from(cursor.offset()));
        }
        let mut answer = self.exchange(&call).await?;
        let mut skip = match answer.status() {
            200 => {
                check_size(&context, &answer, cursor.size())?;
                cursor.offset()
            }
            206 if cursor.offset() > 0 => {
                check_range(&context, &answer, cursor)?;
                0
            }
            _ => return Err(self.refusal(&call, answer).await),
        };
        let party = answer.party();
        while let Some(chunk) = answer.chunk(&context).await? {
            // A server that knows no ranges sends again what the sink has already.
            let known = usize::try_from(skip).unwrap_or(usize::MAX).min(chunk.len());
            skip -= known as u64;
            let new = &chunk[known..];
            if new.len() as u64 > cursor.remaining() {
                cursor.restart();
                sink.restart().await?;
                let message =
                    format!("{} was answered with more than {} bytes", answer.what(), cursor.size());
                return Err(context.corrupt(party, message));
            }
            if !new.is_empty() {
                sink.write(new).await?;
                cursor.advance(new);
            }
        }
        if cursor.remaining() > 0 {
            let message =
                format!("{} broke off after {} of {} bytes", answer.what(), cursor.offset(), cursor.size());
            return Err(context.failure(FailureKind::Unavailable, party, message));
        }
        if !cursor.is_complete() {
            cursor.restart();
            sink.restart().await?;
            let message = format!(
                "{} was answered with other bytes than those of `{}`",
                answer.what(),
                cursor.digest()
            );
            return Err(context.corrupt(party, message));
        }
        self.memory.learn(repository, cursor.digest());
        Ok(())
    }
}

fn range_from(offset: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("bytes={offset}-")).expect("digits are a header's text")
}

/// A body that announces another size is not read at all.
fn check_size(context: &Context<'_>, answer: &Answer, size: u64) -> Result<(), Failure> {
    match answer.length() {
        Some(length) if length != size => {
            let message = format!("{} was answered with {length} bytes instead of {size}", answer.what());
            Err(context.corrupt(answer.party(), message))
        }
        _ => Ok(()),
    }
}

/// `bytes 5-9/10` must begin where the cursor is, and be of the same whole.
fn check_range(context: &Context<'_>, answer: &Answer, cursor: &BlobCursor) -> Result<(), Failure> {
    let text = answer.header(&CONTENT_RANGE).unwrap_or_default();
    let parsed = text.strip_prefix("bytes ").and_then(|rest| {
        let (range, whole) = rest.split_once('/')?;
        let (start, _) = range.split_once('-')?;
        Some((start.trim().parse::<u64>().ok()?, whole.trim().parse::<u64>().ok()))
    });
    match parsed {
        Some((start, whole))
            if start == cursor.offset() && whole.is_none_or(|whole| whole == cursor.size()) =>
        {
            Ok(())
        }
        _ => {
            let message = format!(
                "{} was asked for the bytes from {} of {} and answered with others",
                answer.what(),
                cursor.offset(),
                cursor.size()
            );
            Err(context.corrupt(answer.party(), message))
        }
    }
}
