//! Arithmetic on the runtime's clock, and durations as people read them. Never sleeps.

use std::time::Duration;

use tokio::time::Instant;

/// The instant `duration` after `start`, or one that no run lives to see.
pub(crate) fn after(start: Instant, duration: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(10 * 365 * 86_400);
    start.checked_add(duration.min(FAR)).unwrap_or(start)
}

/// `0.25 s`, `1.5 s`, `120 s`.
pub(crate) fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    let text = if seconds < 10.0 { format!("{seconds:.2}") } else { format!("{seconds:.0}") };
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text} s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_spoken_in_seconds() {
        for (milliseconds, expected) in
            [(0, "0 s"), (250, "0.25 s"), (1500, "1.5 s"), (10_000, "10 s"), (120_400, "120 s")]
        {
            assert_eq!(spoken(Duration::from_millis(milliseconds)), expected);
        }
    }

    #[test]
    fn an_absurd_duration_is_far_away_and_no_panic() {
        let now = Instant::now();
        assert!(after(now, Duration::MAX) > after(now, Duration::from_secs(86_400)));
    }
}
