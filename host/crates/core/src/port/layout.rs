//! OCI image layouts in a scratch space, as whoever moves images needs them. Knows folders and files, not images.

use std::{path::Path, sync::Arc};

use super::{
    BoxFuture, Failure,
    registry::{BlobSink, BlobSource},
};
use crate::model::Digest;

/// A file of a layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayoutFile {
    /// `oci-layout`.
    Marker,
    /// `index.json`.
    Index,
    /// `blobs/sha256/…`.
    Blob(Digest),
}

/// The scratch space as a place of layouts. No path and no link leads out of it.
pub trait Layouts: Send + Sync {
    /// Bytes that still fit.
    fn room(&self) -> BoxFuture<'_, Result<u64, Failure>>;

    /// A new layout at a relative path, without any file.
    ///
    /// # Errors
    /// `Conflict` where something lies there.
    fn create<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<Arc<dyn Layout>, Failure>>;

    /// The folder at a relative path.
    ///
    /// # Errors
    /// `NotFound`, and `InvalidInput` where it is none.
    fn open<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<Arc<dyn Layout>, Failure>>;

    /// Removes what an unfinished export left at a relative path, as far as that goes.
    fn discard<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, ()>;
}

/// One layout. Only regular files are read, and none outside its folder.
pub trait Layout: Send + Sync {
    /// A whole file of at most `max` bytes.
    ///
    /// # Errors
    /// `NotFound`, and `InvalidInput` where it is larger or no regular file.
    fn read<'a>(&'a self, file: &'a LayoutFile, max: u64) -> BoxFuture<'a, Result<Vec<u8>, Failure>>;

    /// Bytes of a file.
    ///
    /// # Errors
    /// As [`Layout::read`].
    fn size<'a>(&'a self, file: &'a LayoutFile) -> BoxFuture<'a, Result<u64, Failure>>;

    /// Writes a file that is not there yet.
    ///
    /// # Errors
    /// Whatever the file system says.
    fn write<'a>(&'a self, file: &'a LayoutFile, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), Failure>>;

    /// A blob that is not there yet, piece by piece.
    ///
    /// # Errors
    /// Whatever the file system says.
    fn sink<'a>(&'a self, digest: &'a Digest) -> BoxFuture<'a, Result<Box<dyn BlobSink>, Failure>>;

    /// A blob to read, said to have `size` bytes. Whether they are the blob's is for the reader to check.
    fn source(&self, digest: &Digest, size: u64) -> Arc<dyn BlobSource>;
}
