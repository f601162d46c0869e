//! An open upload. Where it lies is the registry's secret: it is not printed.

use std::fmt;

use url::Url;

use crate::model::Repository;

/// An upload that a registry opened. Valid in one repository, for one blob, for as long as the registry keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct UploadSession {
    /// Where the blob will be.
    pub repository: Repository,
    /// Where the next piece goes. Whoever has it can write: it often carries a signature.
    pub location: Url,
    /// Bytes that the registry has.
    pub offset: u64,
    /// Bytes that a piece must have, the last one excepted; 0 where the registry does not care.
    pub min_chunk: u64,
}

impl fmt::Debug for UploadSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadSession")
            .field("repository", &self.repository)
            .field("origin", &self.location.host_str().unwrap_or_default())
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}
