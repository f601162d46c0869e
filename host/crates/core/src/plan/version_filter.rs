//! `--image-version`: exact text, or a prefix by segments. Does not know where versions come from.

use super::parsed_version::ParsedVersion;

/// Whether a version is what the filter asks for.
///
/// Equal text matches. Two dotted releases match when the filter's numbers begin the version's, and the prerelease is
/// equal where the filter has one; build metadata is not compared. Two dependency-prefixed names match when the
/// filter's pairs begin the version's, each exactly. A release never matches a dependency-prefixed name. Everything
/// else is compared segment by segment as text, where a segment of the filter may also be followed by `-`.
#[must_use]
pub fn version_matches(version: &str, filter: &str) -> bool {
    if version == filter {
        return true;
    }
    match (ParsedVersion::parse(version), ParsedVersion::parse(filter)) {
        (Some(ParsedVersion::Release(version)), Some(ParsedVersion::Release(filter))) => {
            version.numbers.starts_with(&filter.numbers)
                && (filter.prerelease.is_none() || filter.prerelease == version.prerelease)
        }
        (Some(ParsedVersion::Dependencies(version)), Some(ParsedVersion::Dependencies(filter))) => {
            version.starts_with(&filter)
        }
        (Some(_), Some(_)) => false,
        _ => segments_match(version, filter),
    }
}

fn segments_match(version: &str, filter: &str) -> bool {
    let mut segments = version.split('.');
    filter.split('.').all(|wanted| {
        segments.next().is_some_and(|segment| {
            segment.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_match_as_in_the_predecessor_s_table() {
        for (version, filter, want) in [
            ("2026.05.0-dev+15-gSHA", "2026.05", true),
            ("2026.05.0-dev+15-gSHA", "2026.5", true),
            ("2026.05.0-dev+15-gSHA", "2026.05.0", true),
            ("2026.05.0-dev+15-gSHA", "2026", true),
            ("2026.05.0-dev+15-gSHA", "2026.05.0-dev", true),
            ("2026.05.0-dev+15-gSHA", "2026.05.0-dev+99", true),
            ("2026.05.0", "2026.05.0-dev", false),
            ("2026.04.0+526.pro2", "2026.04.0", true),
            ("2026.04.0+526.pro2", "2026.04.0+1.pro1", true),
            ("2025.12.0-14", "2025.12.0", true),
            ("2025.12.0-14", "2025.12.0-1", false),
            ("2025.12.0-14", "2025", true),
            ("R4.5.1-python3.13.7", "R4.5", false),
            ("R4.5.1-python3.13.7", "R4.5.1-python3.13", false),
            ("R4.5.1-python3.13.7", "python3.13.7", false),
            ("R4.5.1-python3.13.7", "4.5.1", false),
            ("R4.5.1-python3.13.7", "R4", true),
            ("2026.05.0", "2026.05.0.0", false),
            ("2026.05.10", "2026.05.1", false),
            ("24.04", "24", true),
            ("9", "9", true),
            ("9.1", "9", true),
            ("R4.5.1-python3.13.7", "r4.5.1", false),
            ("2026.05.0", "20", false),
            // What the reference says about building and publishing.
            ("2026.05.0-dev+15-gSHA", "2026.05.0-dev+15-gSHA", true),
            ("2026.05.0-dev+15-gSHA", "2026.03", false),
            ("2026.05.0-dev+15-gSHA", "2026.05.1", false),
            ("2026.05.0-dev+15-gSHA", "2026.0", false),
            ("2026.05.0-dev+15-gSHA", "9999.99", false),
            ("2026.05.0-dev+15-gSHA", "2026.05.0-rc", false),
            ("2026.03.1", "2026.03.1.0", false),
            ("R4.5.3-python3.14.3", "R4.5.3", true),
            ("R4.5.3-python3.14.3", "R4.5.3-python3.13.0", false),
            ("2026.06.0+240.pro3", "2026.06.0+240.pro1", true),
            ("1.0.0 Beta", "1.0", true),
            ("9-rc", "9", true),
            ("", "1", false),
        ] {
            assert_eq!(version_matches(version, filter), want, "{version} | {filter}");
        }
    }
}
