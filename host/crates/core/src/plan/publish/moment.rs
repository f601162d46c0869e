//! When something was built. A time without an offset is UTC. Reads no clock and no time zone.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// Reads an ISO 8601 date and time.
pub(super) fn parse(text: &str) -> Result<Timestamp, String> {
    let wrong = || {
        let shown: String = text.chars().take(60).collect();
        format!("`{shown}` is not a time: expected one like `2026-08-11T15:52:59Z`")
    };
    let time = text.get(10..).ok_or_else(wrong)?;
    // A time zone in brackets would need the machine's time zones.
    if text.contains('[') {
        return Err(wrong());
    }
    let aware = time.contains(['Z', 'z', '+', '-']);
    let read = if aware {
        text.parse::<Timestamp>()
    } else {
        text.parse::<DateTime>()
            .and_then(|naive| naive.to_zoned(TimeZone::UTC))
            .map(|zoned| zoned.timestamp())
    };
    read.map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_with_and_without_offset_are_instants() {
        for (text, want) in [
            ("2025-11-19T16:29:33Z", "2025-11-19T16:29:33Z"),
            ("2025-11-19T16:29:33+00:00", "2025-11-19T16:29:33Z"),
            ("2025-11-19T09:29:33-07:00", "2025-11-19T16:29:33Z"),
            ("2025-11-19T09:29:31.746229", "2025-11-19T09:29:31.746229Z"),
            ("2025-11-19T09:29:31.500000000Z", "2025-11-19T09:29:31.5Z"),
            ("2025-11-19 09:29:31", "2025-11-19T09:29:31Z"),
            ("2025-11-19T09:29", "2025-11-19T09:29:00Z"),
        ] {
            assert_eq!(parse(text).map(|t| t.to_string()).as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "now",
            "2025-11-19T16:29:33+25:99",
            "2025-11-19T25:00:00",
            "2025-13-01T00:00:00Z",
            "2025-11-19T16:29:33-05:00[America/New_York]",
            "2025-11-19T16:29:33[UTC]",
            "1763569773",
            "2025-11-19T16:29:33Zx",
            "ééééééé",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        insta::assert_snapshot!(
            parse("yesterday at noon").unwrap_err(),
            @"`yesterday at noon` is not a time: expected one like `2026-08-11T15:52:59Z`"
        );
    }
}
