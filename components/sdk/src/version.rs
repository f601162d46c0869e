//! Product versions as upstreams and dispatches write them, checked from the first character to the last.
//! The host checks again with the same grammar; a guest checks first because it knows where the text came from.

/// Longest version that is accepted, in bytes.
const LONGEST: usize = 128;

/// Whether a text is `(0|[1-9]\d*).\d+.(0|[1-9]\d*)[-prerelease][+build]`, ASCII, with the semver rules for the
/// identifiers; the second number may have leading zeros.
#[must_use]
pub fn is_version(text: &str) -> bool {
    let (rest, build) = match text.split_once('+') {
        Some((rest, build)) => (rest, Some(build)),
        None => (text, None),
    };
    let (numbers, prerelease) = match rest.split_once('-') {
        Some((numbers, prerelease)) => (numbers, Some(prerelease)),
        None => (rest, None),
    };
    let mut parts = numbers.split('.');
    let (Some(first), Some(second), Some(third), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    text.len() <= LONGEST
        && number(first)
        && digits(second)
        && number(third)
        && prerelease
            .is_none_or(|ids| ids.split('.').all(|id| if digits(id) { number(id) } else { word(id) }))
        && build.is_none_or(|ids| ids.split('.').all(word))
}

/// The first two numbers, as written: `2026.06` of `2026.06.0-daily+143`.
#[must_use]
pub fn year_month(version: &str) -> &str {
    version.match_indices('.').nth(1).map_or(version, |(at, _)| &version[..at])
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn number(text: &str) -> bool {
    digits(text) && (text == "0" || !text.starts_with('0'))
}

fn word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_matched_as_a_whole() {
        for good in [
            "2026.05.0-dev+185-gSHA",
            "2026.5.0",
            "0.0.0",
            "2025.04.0-daily+404.pro4",
            "2024.11.0-7",
            "2025.04.0-a.b",
        ] {
            assert!(is_version(good), "{good}");
        }
        for bad in [
            "",
            "2025.4",
            "2026.05.0.1",
            "v2026.05.0",
            "2026.05.00",
            "2026..0",
            "2026.05.0-dev.01",
            "2026.05.0-01",
            "2026.05.0+a_b",
            "2026.05.0+a+b",
            "٣.2.1",
            "x2025.04.0",
            "2025.04.0 trailing",
            "2025.04.0\n",
            "1.2.3-",
            "1.2.3+",
            "../1.2.3",
            "<html>",
        ] {
            assert!(!is_version(bad), "{bad}");
        }
        assert!(!is_version(&format!("1.2.3+{}", "a".repeat(123))));
        assert!(is_version(&format!("1.2.3+{}", "a".repeat(122))));
    }

    #[test]
    fn year_and_month_are_the_first_two_numbers_as_written() {
        for (version, want) in [("2026.06.0-daily+143", "2026.06"), ("2026.6.0", "2026.6"), ("1.2", "1.2")] {
            assert_eq!(year_month(version), want);
        }
    }
}
