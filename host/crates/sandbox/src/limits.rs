//! How much one call of a guest may use. Numbers only: who enforces them is named at each.

use std::time::Duration;

/// Bounds of one call: a fresh store, the instantiation and one export.
///
/// The defaults fit a resolver that reads a manifest of several megabytes in any guest language,
/// and leave a guest in an endless loop five seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time that the guest itself may run, waiting for the host not counted. Enforced at the epoch's ticks (10 ms).
    pub guest_time: Duration,
    /// Time from the start of the call to its end, everything counted. Host calls get it as their deadline.
    pub call_time: Duration,
    /// Bytes of all linear memories together, counted as declared, not as touched.
    pub memory_bytes: usize,
    /// Elements of all tables together.
    pub table_elements: usize,
    /// Core instances; a component made of several modules has one for each, and some for its glue.
    pub instances: usize,
    /// Linear memories.
    pub memories: usize,
    /// Tables.
    pub tables: usize,
    /// Resource handles that are alive at the same time.
    pub handles: usize,
    /// Bytes that the guest may hand to the host in one host call, or in its answer.
    pub transfer_bytes: usize,
    /// Requests in one call of `http.fetch`.
    pub fetch_requests: usize,
    /// Bytes of one HTTP body handed to the guest; a request may ask for less.
    pub body_bytes: u32,
    /// Bytes of all bodies that one call of `http.fetch` hands to the guest.
    pub fetch_bytes: usize,
    /// References, sources or tags in one call of `registry`.
    pub references: usize,
    /// Bytes of one manifest that a step hands over, and of all that one call of `registry` hands to a step.
    pub manifest_bytes: usize,
    /// Host calls, log lines included.
    pub host_calls: u32,
    /// Lines of log; later ones are dropped, and one line says so.
    pub log_lines: u32,
    /// Bytes of one line of log; what is longer is cut.
    pub log_line_bytes: usize,
    /// Bytes of log.
    pub log_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            guest_time: Duration::from_secs(5),
            call_time: Duration::from_secs(180),
            memory_bytes: 128 * MIB,
            table_elements: 100_000,
            instances: 128,
            memories: 16,
            tables: 64,
            handles: 1_000,
            transfer_bytes: MIB,
            fetch_requests: 64,
            body_bytes: 16 * 1024 * 1024,
            fetch_bytes: 32 * MIB,
            references: 256,
            manifest_bytes: 4 * MIB,
            host_calls: 2_000,
            log_lines: 200,
            log_line_bytes: 4 * 1024,
            log_bytes: 64 * 1024,
        }
    }
}

impl Limits {
    /// The bounds of one call of a step: its host calls have `time`, because they wait for registries, and the guest
    /// has as much more as it may run, to say what came of them. It may hand over a manifest.
    pub(crate) fn of_step(self, time: Duration) -> Self {
        let call_time = time.saturating_add(self.guest_time);
        Self { call_time, transfer_bytes: self.transfer_bytes.saturating_add(self.manifest_bytes), ..self }
    }
}

const MIB: usize = 1024 * 1024;
