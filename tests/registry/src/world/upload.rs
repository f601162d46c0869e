//! An upload in progress.
//! It checks no digest; ending an upload does.

/// Bytes on their way into a repository.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    /// The repository it belongs to.
    pub(crate) repository: String,
    /// The secret that a follow-up must carry in its query, so that a client which drops it is found out.
    pub(crate) state: String,
    /// What has arrived.
    pub(crate) received: Vec<u8>,
    /// Whether a chunk below the smallest permitted size has arrived, which only the last may be.
    pub(crate) short_chunk: bool,
}

impl Upload {
    /// The `Range` header: how much has arrived, in the notation of the distribution specification.
    pub(crate) fn range(&self) -> String {
        format!("0-{}", self.received.len().saturating_sub(1))
    }
}
