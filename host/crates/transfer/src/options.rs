//! How long things may take, and how many of the large ones go at the same time. Decides nothing.

use std::time::Duration;

/// How long things may take, and how many of the large ones go at the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferOptions {
    /// Time of one attempt of a request about manifests and of a small write.
    pub attempt: Duration,
    /// Time of one attempt that moves a blob.
    pub blob_attempt: Duration,
    /// Time of one operation, waiting for a turn, attempts and pauses included; a wait in the window not included.
    pub operation: Duration,
    /// Blobs of more than a mebibyte on their way into one registry at the same time; 0 means 1. Fewer than the
    /// gate's requests per host, so that small requests find a way past them.
    pub large: usize,
    /// Tags that go to a registry one by one before the run tries to send several with one request. Where the
    /// registry does not take that, the try costs a request; it happens once. 0 tries with the first ones.
    pub single_tags: u32,
}

impl Default for TransferOptions {
    fn default() -> Self {
        Self {
            attempt: Duration::from_secs(60),
            blob_attempt: Duration::from_secs(30 * 60),
            operation: Duration::from_secs(60 * 60),
            large: 4,
            single_tags: 8,
        }
    }
}
