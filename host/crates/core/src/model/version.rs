//! Versions of products, as upstreams and dispatches write them.
//! A version ends up in tags, labels, URLs, paths and logs, so its alphabet is closed here, once.

use std::{fmt, str::FromStr};

/// A product version: calendar or semantic, ASCII, at most 128 characters.
///
/// Grammar: `(0|[1-9]\d*).\d+.(0|[1-9]\d*)[-prerelease][+build]` with the semver rules for the identifiers;
/// the second number may have leading zeros (`2026.05.0`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProductVersion(String);

impl ProductVersion {
    /// The text as the upstream writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first two numbers, as written: `2026.06` of `2026.06.0-daily+143`.
    #[must_use]
    pub fn year_month(&self) -> &str {
        let end = self.0.match_indices('.').nth(1).map_or(self.0.len(), |(at, _)| at);
        &self.0[..end]
    }
}

impl fmt::Display for ProductVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not a product version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a version: expected numbers like `2026.06.0`, `2026.06.0-daily+143` or `2026.04.0+526.pro2`"
)]
pub struct ParseVersionError(pub String);

impl FromStr for ProductVersion {
    type Err = ParseVersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || ParseVersionError(text.chars().take(80).flat_map(char::escape_debug).collect());
        if text.len() > 128 {
            return Err(refuse());
        }
        let (rest, build) = match text.split_once('+') {
            Some((rest, build)) => (rest, Some(build)),
            None => (text, None),
        };
        let (numbers, prerelease) = match rest.split_once('-') {
            Some((numbers, pre)) => (numbers, Some(pre)),
            None => (rest, None),
        };
        let parts: Vec<&str> = numbers.split('.').collect();
        let [first, second, third] = parts[..] else { return Err(refuse()) };
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        let plain = |s: &str| digits(s) && (s == "0" || !s.starts_with('0'));
        let word = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let good = plain(first)
            && digits(second)
            && plain(third)
            && prerelease
                .is_none_or(|pre| pre.split('.').all(|id| if digits(id) { plain(id) } else { word(id) }))
            && build.is_none_or(|build| build.split('.').all(word));
        if good { Ok(Self(text.to_owned())) } else { Err(refuse()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_follow_the_predecessor_s_table() {
        for good in [
            "2026.05.0-dev+185-gSHA",
            "2026.05.0",
            "2026.5.0",
            "0.0.0",
            "2025.04.0-daily+404.pro4",
            "2024.12.1+563.pro5",
            "2024.11.0-7",
            "1.2.3",
        ] {
            assert_eq!(good.parse::<ProductVersion>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "2026.05",
            "2026.05.0.1",
            "v2026.05.0",
            "2026.05.00",
            "2026..0",
            "2026.05.0-dev.01",
            "2026.05.0-01",
            "2026.05.0+a_b",
            "2026.05.0+a+b",
            "٣.2.1",
            "2026.05.0\n",
            " 2026.05.0",
            "02026.05.0",
            "x2025.04.0",
            "2025.04.0 trailing",
            "1.2.3,latest",
            "1.2.3:evil",
            "-rf",
            "../1.2.3",
            "1.2.3-",
            "1.2.3+",
            "１.２.３",
        ] {
            assert!(bad.parse::<ProductVersion>().is_err(), "{bad}");
        }
    }

    #[test]
    fn year_and_month_are_the_first_two_numbers_as_written() {
        for (text, want) in [("2026.06.0-daily+143", "2026.06"), ("2026.6.0", "2026.6"), ("1.2.3", "1.2")] {
            assert_eq!(text.parse::<ProductVersion>().unwrap().year_month(), want);
        }
    }
}
