//! How long the other side asks to wait, in every form it says so. Waits never.

use std::time::Duration;

use jiff::{Timestamp, fmt::rfc2822};

/// What the server asks for: `Retry-After` in seconds or as a date (read against the server's own `Date`, so that a
/// wrong clock does not matter), or a duration in the words of its answer, as GHCR writes it.
pub(super) fn read(header: Option<&str>, date: Option<&str>, body: &str) -> Option<Duration> {
    header.and_then(|header| from_header(header.trim(), date)).or_else(|| from_body(body))
}

fn from_header(header: &str, date: Option<&str>) -> Option<Duration> {
    if !header.is_empty() && header.bytes().all(|b| b.is_ascii_digit()) {
        return header.parse().ok().map(Duration::from_secs);
    }
    let until = timestamp(header)?;
    let now = date.and_then(timestamp).unwrap_or_else(Timestamp::now);
    Some(Duration::try_from(until.duration_since(now)).unwrap_or_default())
}

fn timestamp(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()
}

/// `retry-after: 1.889377ms, allowed: 2000/minute`.
fn from_body(body: &str) -> Option<Duration> {
    let lower = body.to_ascii_lowercase();
    let (_, after) = lower.split_once("retry-after:")?;
    let text = after.trim_start();
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | 'µ' | 'μ')))
        .unwrap_or(text.len());
    go_duration(&text[..end])
}

/// `1m30s`, `1.889377ms`: numbers with units, as Go writes durations.
fn go_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let number: f64 = rest[..number_end].parse().ok()?;
        let unit_end =
            rest[number_end..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| number_end + at);
        seconds += number
            * match &rest[number_end..unit_end] {
                "ns" => 1e-9,
                "us" | "µs" | "μs" => 1e-6,
                "ms" => 1e-3,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                _ => return None,
            };
        rest = &rest[unit_end..];
    }
    (!text.is_empty()).then(|| Duration::try_from_secs_f64(seconds).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_understood_and_nonsense_is_no_answer() {
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        for (header, body, expected) in [
            (Some("3"), "", Some(3.0)),
            (Some(" 3600 "), "", Some(3600.0)),
            (Some("0"), "", Some(0.0)),
            (Some("Sun, 06 Nov 1994 08:50:07 GMT"), "", Some(30.0)),
            (Some("Sun, 06 Nov 1994 08:00:00 GMT"), "", Some(0.0)),
            (Some("-1"), "", None),
            (Some("9e9"), "", None),
            (Some("99999999999999999999"), "", None),
            (Some("soon"), "", None),
            (Some(""), "", None),
            (None, "", None),
            (None, "TOOMANYREQUESTS: retry-after: 1.889377ms, allowed: 2000/minute", Some(0.001_889_377)),
            (None, "Retry-After: 1m30s", Some(90.0)),
            (None, "retry-after: 12µs", Some(0.000_012)),
            (None, "retry-after: 1h", Some(3600.0)),
            (None, "retry-after: a while", None),
            (None, "retry-after: 5", None),
            (None, "retry-after:", None),
            (Some("2"), "retry-after: 9s", Some(2.0)),
            (Some("x"), "retry-after: 9s", Some(9.0)),
        ] {
            let found = read(header, date, body).map(|d| d.as_secs_f64());
            assert_eq!(found, expected, "{header:?} {body}");
        }
    }

    #[test]
    fn a_date_without_the_server_s_clock_is_read_against_ours() {
        assert_eq!(read(Some("Sun, 06 Nov 1994 08:49:37 GMT"), None, ""), Some(Duration::ZERO));
    }
}
