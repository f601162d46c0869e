//! The attempts of one upload: each goes on where the registry says the one before got to. Waits between none.

use std::sync::Arc;

use bakery_core::{
    model::{Descriptor, Digest, Repository},
    port::{
        Failure, FailureKind,
        registry::{BlobSource, Registry, RegistryVerb, UploadSession, Uploaded},
    },
};
use bakery_gate::Permit;

use crate::remote::RemoteBlob;

/// Up to this many bytes a blob may fit into the request that opens its upload.
const SINGLE: u64 = 64 << 10;

/// Bytes of a piece, where something before the registry does not let a whole blob through.
const PIECE: u64 = 16 << 20;

/// Where the bytes come from.
#[derive(Clone)]
pub(crate) enum Origin {
    /// Another repository.
    Repository(Repository),
    /// A file of a layout, whose bytes were found to be the blob's.
    Layout(Arc<dyn BlobSource>),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Repository(from) => write!(f, "`{from}`"),
            Self::Layout(_) => f.write_str("its layout"),
        }
    }
}

/// One blob on its way.
pub(crate) struct Upload {
    registry: Arc<dyn Registry>,
    from: Origin,
    to: Repository,
    digest: Digest,
    size: u64,
    session: Option<UploadSession>,
    /// Bytes of a piece, where it does not go in one.
    piece: Option<u64>,
    /// Whether an attempt was made before.
    tried: bool,
}

impl Upload {
    pub(crate) fn new(
        registry: Arc<dyn Registry>,
        from: &Origin,
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
            piece: None,
            tried: false,
        }
    }

    /// One attempt.
    pub(crate) async fn attempt(&mut self, permit: Permit) -> Result<Uploaded, Failure> {
        let permit = Arc::new(permit);
        let blob = self.source(&permit);
        if self.session.is_none() && self.size <= SINGLE {
            return self.registry.push_blob(&*permit, &self.to, blob).await;
        }
        if std::mem::replace(&mut self.tried, true) {
            // The attempt before may have arrived although its answer did not. Where the question itself is refused,
            // the upload has the last word.
            if let Ok(true) = self.registry.has_blob(&*permit, &self.to, &self.digest).await {
                return Ok(Uploaded::Present);
            }
            self.catch_up(&permit).await?;
        }
        let resumed = self.session.as_ref().is_some_and(|session| session.offset > 0);
        let outcome = self.go_on(&permit, blob).await;
        outcome.map_err(|failure| self.learn(failure, resumed))
    }

    fn source(&self, permit: &Arc<Permit>) -> Arc<dyn BlobSource> {
        match &self.from {
            Origin::Repository(from) => Arc::new(RemoteBlob {
                registry: self.registry.clone(),
                permit: permit.clone(),
                from: from.clone(),
                digest: self.digest.clone(),
                size: self.size,
            }),
            Origin::Layout(file) => Arc::clone(file),
        }
    }

    async fn go_on(&mut self, permit: &Permit, blob: Arc<dyn BlobSource>) -> Result<Uploaded, Failure> {
        let session = match &mut self.session {
            Some(session) => session,
            None => self.session.insert(self.registry.begin_upload(permit, &self.to).await?),
        };
        if let Some(piece) = self.piece {
            let piece = piece.max(session.min_chunk);
            while self.size.saturating_sub(session.offset) > piece {
                self.registry.upload_chunk(permit, session, blob.clone(), piece).await?;
            }
        }
        self.registry.finish_upload(permit, session, blob).await
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

    /// What a failure means for the next attempt, and whether there is to be one.
    fn learn(&mut self, failure: Failure, resumed: bool) -> Failure {
        let Some(fault) = failure.registry.as_deref() else { return failure };
        let too_large = fault.status == Some(413) && self.piece.is_none() && self.size > PIECE;
        let lost = fault.is("BLOB_UPLOAD_UNKNOWN");
        let elsewhere = fault.verb == RegistryVerb::PatchUpload && fault.status == Some(416);
        // What the registry kept of an attempt that broke off may not be the beginning of this blob.
        let spoilt = resumed && failure.kind == FailureKind::InvalidInput && !too_large;
        if too_large {
            self.piece = Some(PIECE);
        }
        if lost || spoilt || failure.kind == FailureKind::InvalidInput {
            self.session = None;
        }
        if too_large || lost || spoilt || elsewhere {
            return Failure { kind: FailureKind::Unavailable, ..failure };
        }
        failure
    }
}

/// Whether asking again may help.
fn passes(kind: FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::RateLimited | FailureKind::Unavailable | FailureKind::TimedOut | FailureKind::Cancelled
    )
}
