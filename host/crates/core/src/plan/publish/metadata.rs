//! Metadata files: what a build wrote about each target, as data. Judges no target and opens no file.

use super::{PublishError, PublishErrors};

/// One metadata file.
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataFile {
    /// Its name, for messages, and for the order of files.
    pub name: String,
    /// One per target, in file order.
    pub entries: Vec<MetadataEntry>,
}

/// What a build says about one target.
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataEntry {
    /// The target's identifier.
    pub uid: String,
}

/// Reads a metadata file. `name` is used in messages and for the order of files only.
///
/// # Errors
/// Everything in it that cannot be read.
pub fn read(name: &str, bytes: &[u8]) -> Result<MetadataFile, PublishErrors> {
    let _ = (name, bytes);
    Err(PublishErrors(vec![PublishError::NoFiles]))
}
