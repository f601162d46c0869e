//! How much one request of a guest may take. Numbers only; the gate and the backend enforce them.

use std::time::Duration;

/// Bounds of every HTTP request that a guest causes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpLimits {
    /// Bytes of one body, after decompression.
    pub max_bytes: u64,
    /// Bytes of all bodies that are remembered for a run; further answers are not remembered.
    pub memo_bytes: u64,
    /// Time of one attempt of one hop.
    pub hop_timeout: Duration,
    /// Time of a whole request: permits, attempts, pauses and redirects.
    pub total: Duration,
    /// Redirects of one request.
    pub redirects: u32,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            max_bytes: 8 << 20,
            memo_bytes: 64 << 20,
            hop_timeout: Duration::from_secs(30),
            total: Duration::from_secs(120),
            redirects: 5,
        }
    }
}
