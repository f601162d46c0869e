//! The registry's time: tokio's clock, so that a paused runtime also pauses the registry.
//! It waits for nothing.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// Time since the start, and the wall time that belongs to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    started: Instant,
    wall: SystemTime,
}

impl Clock {
    /// Starts now.
    pub(crate) fn start() -> Self {
        Self { started: Instant::now(), wall: SystemTime::now() }
    }

    /// Time since the start.
    pub(crate) fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// The HTTP date so many seconds from now, rounded up to the second; wall time moves with tokio's.
    pub(crate) fn http_date_in(&self, seconds: i64) -> String {
        let now = self.wall + self.now() + Duration::from_millis(999);
        let offset = Duration::from_secs(seconds.unsigned_abs());
        let then = if seconds < 0 { now.checked_sub(offset) } else { now.checked_add(offset) };
        httpdate::fmt_http_date(then.unwrap_or(now).clamp(SystemTime::UNIX_EPOCH, last_http_date()))
    }
}

/// The last second of the year 9999, after which there are no HTTP dates.
fn last_http_date() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799)
}
