//! Durations as people write them: `90s`, `10m`, `1h30m`, `0`. Knows no clock.

use std::time::Duration;

/// Reads a duration made of whole numbers with the units `s`, `m`, `h`, biggest first or not; a bare number is seconds.
///
/// # Errors
/// A sentence: the text is no duration, or longer than a day.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let shown = || text.chars().take(40).flat_map(char::escape_debug).collect::<String>();
    let wrong = || format!("`{}` is not a duration: write `90s`, `10m` or `1h30m`", shown());
    let mut total: u64 = 0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number: u64 = rest[..end].parse().map_err(|_| wrong())?;
        let unit_end = rest[end..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| end + at);
        let seconds = match &rest[end..unit_end] {
            "" | "s" => 1,
            "m" => 60,
            "h" => 3600,
            _ => return Err(wrong()),
        };
        total = number.checked_mul(seconds).and_then(|n| total.checked_add(n)).ok_or_else(wrong)?;
        rest = &rest[unit_end..];
    }
    if total > 24 * 3600 {
        Err(format!("`{}` is longer than a day", shown()))
    } else {
        Ok(Duration::from_secs(total))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, seconds) in
            [("0", 0), ("90", 90), ("90s", 90), ("10m", 600), ("1h30m", 5400), ("1m5s", 65), (" 5m ", 300)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for bad in ["", " ", "x", "5d", "-1", "1.5m", "m", "99999999999999999999", "25h", "1 m", "٣m"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
        assert_eq!(
            parse_duration("a\u{1b}b").unwrap_err(),
            "`a\\u{1b}b` is not a duration: write `90s`, `10m` or `1h30m`"
        );
    }
}
