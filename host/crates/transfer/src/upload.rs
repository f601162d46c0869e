//! The attempts of one upload: each goes on where the registry says the one before got to. Waits between none.

use std::sync::Arc;

use bakery_core::{
    model::{Descriptor, Digest, Repository},
    port::{
        Admission as _, Failure, FailureKind,
        registry::{BlobSource, Registry, UploadSession, Uploaded},
    },
};
use bakery_gate::Permit;

use crate::remote::RemoteBlob;

/// Up to this many bytes a blob may fit into the request that opens its upload.
const SINGLE: u64 = 64 << 10;

/// One blob on its way.
pub(crate) struct Upload {
    registry: Arc<dyn Registry>,
    from: Repository,
    to: Repository,
    digest: Digest,
    size: u64,
    session: Option<UploadSession>,
}

impl Upload {
    pub(crate) fn new(
        registry: Arc<dyn Registry>,
        from: &Repository,
        to: &Repository,
        blob: &Descriptor,
        session: Option<UploadSession>,
    ) -> Self {
        Self {
            registry,
            from: from.clone(),
            to: to.clone(),
            digest: blob.digest.clone(),
            size: blob.size,
            session,
        }
    }

    /// One attempt.
    pub(crate) async fn attempt(&mut self, permit: Permit) -> Result<Uploaded, Failure> {
        let permit = Arc::new(permit);
        let blob: Arc<dyn BlobSource> = Arc::new(RemoteBlob {
            registry: self.registry.clone(),
            permit: permit.clone(),
            from: self.from.clone(),
            digest: self.digest.clone(),
            size: self.size,
        });
        if self.session.is_none() && self.size <= SINGLE {
            return self.registry.push_blob(&*permit, &self.to, blob).await;
        }
        if permit.attempt() > 1 {
            // The attempt before may have arrived although its answer did not.
            if self.registry.has_blob(&*permit, &self.to, &self.digest).await? {
                return Ok(Uploaded::Present);
            }
            self.catch_up(&permit).await?;
        }
        let session = match self.session.take() {
            Some(session) => session,
            None => self.registry.begin_upload(&*permit, &self.to).await?,
        };
        let resumed = session.offset > 0;
        let outcome = self.registry.finish_upload(&*permit, &session, blob).await;
        match outcome {
            Ok(uploaded) => Ok(uploaded),
            Err(failure) if is_gone(&failure) => Err(begin_again(failure)),
            // What lies there is not the beginning of this blob.
            Err(failure) if resumed && failure.kind == FailureKind::InvalidInput => Err(begin_again(failure)),
            Err(failure) => {
                self.session = Some(session);
                Err(failure)
            }
        }
    }

    /// Asks how far the registry got. An upload that it no longer knows is begun anew.
    async fn catch_up(&mut self, permit: &Permit) -> Result<(), Failure> {
        let Some(session) = &mut self.session else { return Ok(()) };
        match self.registry.upload_status(permit, session).await {
            Ok(()) if session.offset <= self.size => Ok(()),
            Err(failure) if passes(failure.kind) => Err(failure),
            Ok(()) | Err(_) => {
                self.session = None;
                Ok(())
            }
        }
    }
}

/// Whether the registry no longer knows the upload.
fn is_gone(failure: &Failure) -> bool {
    failure.registry.as_ref().is_some_and(|fault| fault.is("BLOB_UPLOAD_UNKNOWN"))
}

/// The same failure, as one that a new upload can mend.
fn begin_again(failure: Failure) -> Failure {
    Failure { kind: FailureKind::Unavailable, ..failure }
}

/// Whether asking again may help.
fn passes(kind: FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::RateLimited | FailureKind::Unavailable | FailureKind::TimedOut | FailureKind::Cancelled
    )
}
