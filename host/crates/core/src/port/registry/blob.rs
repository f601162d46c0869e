//! Blobs on their way: where bytes come from, where they go, and how far a read got. Opens nothing.

use std::sync::Arc;

use crate::{
    model::{Digest, DigestHasher},
    port::{BoxFuture, Failure},
};

/// A blob that can be read again from any place, so that a second attempt can send it again.
pub trait BlobSource: Send + Sync {
    /// Digest of the whole.
    fn digest(&self) -> &Digest;

    /// Bytes of the whole.
    fn size(&self) -> u64;

    /// Begins to read at `offset`, which is at most the size.
    fn open(&self, offset: u64) -> Box<dyn BlobChunks>;
}

/// Bytes of a blob, piece by piece.
pub trait BlobChunks: Send {
    /// The next piece; `None` at the end. Pieces have any size above 0.
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Vec<u8>>, Failure>>;
}

/// Where a blob goes.
pub trait BlobSink: Send {
    /// Takes the next bytes.
    fn write<'a>(&'a mut self, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), Failure>>;

    /// Forgets everything it took: the bytes were not the blob.
    fn restart(&mut self) -> BoxFuture<'_, Result<(), Failure>>;
}

/// A `Vec` takes a blob into memory.
impl BlobSink for Vec<u8> {
    fn write<'a>(&'a mut self, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), Failure>> {
        self.extend_from_slice(bytes);
        Box::pin(std::future::ready(Ok(())))
    }

    fn restart(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        self.clear();
        Box::pin(std::future::ready(Ok(())))
    }
}

/// How far the read of a blob got. An attempt that fails leaves it where the sink is, and the next one goes on there.
#[derive(Clone)]
pub struct BlobCursor {
    digest: Digest,
    size: u64,
    /// Where it began.
    start: u64,
    offset: u64,
    /// None where the beginning was not seen.
    hasher: Option<DigestHasher>,
}

impl BlobCursor {
    /// At the beginning of a blob of this digest and size in bytes, which are what the blob is held to.
    #[must_use]
    pub fn new(digest: Digest, size: u64) -> Self {
        Self { digest, size, start: 0, offset: 0, hasher: Some(DigestHasher::default()) }
    }

    /// At `offset` of a blob whose beginning somebody else has: its size is checked, its digest by whoever has it all.
    #[must_use]
    pub fn rest(digest: Digest, size: u64, offset: u64) -> Self {
        let hasher = (offset == 0).then(DigestHasher::default);
        Self { digest, size, start: offset, offset, hasher }
    }

    /// What is read.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Bytes of the whole.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Bytes that the sink has.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes to go.
    #[must_use]
    pub fn remaining(&self) -> u64 {
        self.size.saturating_sub(self.offset)
    }

    /// Counts bytes that the sink took.
    pub fn advance(&mut self, bytes: &[u8]) {
        if let Some(hasher) = &mut self.hasher {
            hasher.update(bytes);
        }
        self.offset = self.offset.saturating_add(bytes.len() as u64);
    }

    /// Back to where it began.
    pub fn restart(&mut self) {
        self.offset = self.start;
        self.hasher = (self.start == 0).then(DigestHasher::default);
    }

    /// Whether what came is the blob: its size and, where all of it came this way, its digest.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let right = self.hasher.as_ref().is_none_or(|hasher| hasher.clone().finish() == self.digest);
        self.offset == self.size && right
    }
}

/// A blob in memory.
#[derive(Clone)]
pub struct BytesBlob {
    digest: Digest,
    bytes: Arc<[u8]>,
}

impl BytesBlob {
    /// A blob of these bytes.
    #[must_use]
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        Self { digest: Digest::of(&bytes), bytes }
    }
}

impl BlobSource for BytesBlob {
    fn digest(&self) -> &Digest {
        &self.digest
    }

    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn open(&self, offset: u64) -> Box<dyn BlobChunks> {
        let at = usize::try_from(offset).unwrap_or(usize::MAX).min(self.bytes.len());
        Box::new(BytesChunks { bytes: self.bytes.clone(), at })
    }
}

/// Bytes in one piece: a few, so that a send can be bounded and watched.
const PIECE: usize = 64 << 10;

struct BytesChunks {
    bytes: Arc<[u8]>,
    at: usize,
}

impl BlobChunks for BytesChunks {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Vec<u8>>, Failure>> {
        let piece = &self.bytes[self.at..self.bytes.len().min(self.at + PIECE)];
        self.at += piece.len();
        let piece = (!piece.is_empty()).then(|| piece.to_vec());
        Box::pin(std::future::ready(Ok(piece)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_complete_only_with_the_size_and_the_digest() {
        let mut cursor = BlobCursor::new(Digest::of(b"abc"), 3);
        cursor.advance(b"ab");
        assert!(!cursor.is_complete());
        assert_eq!((cursor.offset(), cursor.remaining()), (2, 1));
        cursor.advance(b"x");
        assert!(!cursor.is_complete(), "right length, wrong bytes");
        cursor.restart();
        cursor.advance(b"abc");
        assert!(cursor.is_complete());
        assert!(!BlobCursor::new(Digest::of(b"abc"), 4).is_complete());
    }

    #[test]
    fn a_cursor_over_the_rest_of_a_blob_knows_its_size_alone() {
        let mut cursor = BlobCursor::rest(Digest::of(b"abc"), 3, 1);
        cursor.advance(b"b");
        assert_eq!((cursor.offset(), cursor.remaining(), cursor.is_complete()), (2, 1, false));
        cursor.restart();
        assert_eq!(cursor.offset(), 1);
        cursor.advance(b"bx");
        assert!(cursor.is_complete(), "who has the beginning checks the digest");
        let mut whole = BlobCursor::rest(Digest::of(b"abc"), 3, 0);
        whole.advance(b"abx");
        assert!(!whole.is_complete(), "nothing is missing, so the digest is checked");
    }
}
