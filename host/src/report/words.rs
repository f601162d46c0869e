//! Numbers as people read them.

use std::time::Duration;

/// A duration: `0s`, `1.5s`, `42s`, `3m05s`, `1h02m`.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 if duration.is_zero() => "0s".to_owned(),
        0..=9 => format!("{:.1}s", duration.as_secs_f64()),
        10..=59 => format!("{seconds}s"),
        60..=3599 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// A number of things: `1 tag`, `2 tags`, `3 retries`.
pub(crate) fn count(number: usize, thing: &str) -> String {
    match (number, thing.strip_suffix('y')) {
        (1, _) => format!("1 {thing}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        (_, None) => format!("{number} {thing}s"),
    }
}

/// A number of bytes in decimal units: `0 B`, `999 B`, `3.1 kB`, `1.2 GB`.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut scaled = bytes / 100;
    let mut unit = 0;
    // Tenths of the unit, so that rounding down never shows 1000.0.
    while scaled >= 10_000 && unit + 1 < UNITS.len() {
        scaled /= 1000;
        unit += 1;
    }
    format!("{}.{} {}", scaled / 10, scaled % 10, UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_counts_are_written_with_the_unit_that_matters() {
        for (number, words) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (3149, "3.1 kB"),
            (999_999, "999.9 kB"),
            (1_000_000, "1.0 MB"),
            (1_234_567_890, "1.2 GB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(bytes(number), words);
        }
        assert_eq!((count(1, "retry"), count(2, "retry")), ("1 retry".to_owned(), "2 retries".to_owned()));
        assert_eq!((count(0, "tag"), count(1, "tag")), ("0 tags".to_owned(), "1 tag".to_owned()));
    }

    #[test]
    fn durations_are_written_with_the_unit_that_matters() {
        for (millis, words) in
            [(0, "0s"), (1500, "1.5s"), (42_000, "42s"), (185_000, "3m05s"), (3_720_000, "1h02m")]
        {
            assert_eq!(duration(Duration::from_millis(millis)), words);
        }
    }
}
