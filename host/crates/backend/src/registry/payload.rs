//! Bodies of requests: none, bytes, or a stretch of a blob that is read again for every send.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bakery_core::{
    model::DigestHasher,
    port::{
        Failure, FailureKind,
        registry::{BlobChunks, BlobSource, Party, RegistryFault, RegistryVerb},
    },
};
use bytes::Bytes;
use futures_util::stream;

/// What a request carries. Cheap to clone: a send after a new token starts it from its beginning.
#[derive(Clone)]
pub(super) enum Payload {
    /// Nothing.
    Empty,
    /// Bytes.
    Bytes(Bytes),
    /// `length` bytes of a blob from `offset` on.
    Blob {
        /// The blob.
        source: Arc<dyn BlobSource>,
        /// Where to begin.
        offset: u64,
        /// How many bytes.
        length: u64,
    },
}

impl Payload {
    /// Bytes to send.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Blob { length, .. } => *length,
        }
    }

    /// Whether it is worth finding out about tokens before it is sent.
    pub(super) fn is_heavy(&self) -> bool {
        matches!(self, Self::Blob { .. })
    }

    /// The body of one send.
    pub(super) fn body(&self, watch: &Arc<Watch>) -> reqwest::Body {
        match self {
            Self::Empty => reqwest::Body::from(Bytes::new()),
            Self::Bytes(bytes) => {
                watch.sent(bytes.len() as u64);
                reqwest::Body::from(bytes.clone())
            }
            Self::Blob { source, offset, length } => blob_body(source, *offset, *length, watch),
        }
    }
}

/// Watches one send: when it last moved, how much went out, and why the source of its body gave up.
pub(super) struct Watch {
    start: Instant,
    /// Milliseconds after the start.
    moved: AtomicU64,
    sent: AtomicU64,
    broken: Mutex<Option<Failure>>,
}

impl Watch {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            start: Instant::now(),
            moved: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            broken: Mutex::new(None),
        })
    }

    /// Time since anything moved.
    pub(super) fn idle(&self) -> Duration {
        self.start.elapsed().saturating_sub(Duration::from_millis(self.moved.load(Ordering::Relaxed)))
    }

    /// Bytes that were handed to the connection.
    pub(super) fn bytes(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Why the source gave up, if it did.
    pub(super) fn broken(&self) -> Option<Failure> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn sent(&self, bytes: u64) {
        self.sent.fetch_add(bytes, Ordering::Relaxed);
        let elapsed = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.moved.store(elapsed, Ordering::Relaxed);
    }

    fn give_up(&self, failure: Failure) -> std::io::Error {
        *self.broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
        std::io::Error::other("the source of the body gave up")
    }
}

struct Reading {
    chunks: Box<dyn BlobChunks>,
    left: u64,
    /// Only for a whole blob: a stretch cannot be checked.
    hasher: Option<DigestHasher>,
    source: Arc<dyn BlobSource>,
    watch: Arc<Watch>,
}

fn blob_body(source: &Arc<dyn BlobSource>, offset: u64, length: u64, watch: &Arc<Watch>) -> reqwest::Body {
    let whole = offset == 0 && length == source.size();
    let reading = Reading {
        chunks: source.open(offset),
        left: length,
        hasher: whole.then(DigestHasher::default),
        source: source.clone(),
        watch: watch.clone(),
    };
    reqwest::Body::wrap_stream(stream::try_unfold(reading, |mut reading| async move {
        let piece = reading.next().await.map_err(|failure| reading.watch.give_up(failure))?;
        Ok::<_, std::io::Error>(piece.map(|piece| (piece, reading)))
    }))
}

impl Reading {
    /// The last piece of a whole blob is only let go when the digest is right: bytes that are not the blob never
    /// become an upload that a registry could take.
    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        if self.left == 0 {
            return Ok(None);
        }
        let Some(mut piece) = self.chunks.next().await? else {
            return Err(self.wrong("its source ended before its size was reached"));
        };
        piece.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= piece.len() as u64;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&piece);
        }
        if self.left == 0
            && let Some(hasher) = self.hasher.take()
            && hasher.finish() != *self.source.digest()
        {
            return Err(self.wrong("what its source gave has another digest"));
        }
        self.watch.sent(piece.len() as u64);
        Ok(Some(Bytes::from(piece)))
    }

    fn wrong(&self, reason: &str) -> Failure {
        let digest = self.source.digest();
        let message = format!("the blob `{digest}` was not sent: {reason}");
        let fault =
            RegistryFault { corrupt: true, ..RegistryFault::new(RegistryVerb::FinishUpload, Party::Bakery) };
        Failure::new(FailureKind::Internal, digest.as_str(), message).with_registry(fault)
    }
}
