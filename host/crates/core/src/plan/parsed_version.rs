//! Versions as filters and the push order compare them: dotted releases and dependency-prefixed names.
//! Never refuses a text: what it cannot read is `None`, and the caller compares text.

use std::cmp::Ordering;

/// A version that can be compared by numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ParsedVersion {
    /// `2026.05.0-dev+185-gSHA`.
    Release(Release),
    /// `R4.5.1-python3.13.7`: names and numbers, in order.
    Dependencies(Vec<(String, Vec<u64>)>),
}

/// At least two numbers, and what follows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Release {
    pub(super) numbers: Vec<u64>,
    pub(super) prerelease: Option<String>,
}

impl ParsedVersion {
    pub(super) fn parse(text: &str) -> Option<Self> {
        parse_release(text).map(Self::Release).or_else(|| parse_dependencies(text).map(Self::Dependencies))
    }
}

impl Release {
    /// The order of <https://semver.org/#spec-item-11>, for any count of numbers.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| match (&self.prerelease, &other.prerelease) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) => compare_identifiers(a, b),
        })
    }
}

fn compare_identifiers(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let (a, b) = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(a), Some(b)) => (a, b),
        };
        let order = match (number(a), number(b)) {
            (Some(x), Some(y)) => x.cmp(&y),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => a.cmp(b),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

fn parse_release(text: &str) -> Option<Release> {
    let (rest, build) = match text.split_once('+') {
        Some((rest, build)) => (rest, Some(build)),
        None => (text, None),
    };
    let (numbers, prerelease) = match rest.split_once('-') {
        Some((numbers, prerelease)) => (numbers, Some(prerelease)),
        None => (rest, None),
    };
    let word =
        |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
    let numbers = dotted(numbers)?;
    let good = prerelease.is_none_or(word) && build.is_none_or(word);
    good.then(|| Release { numbers, prerelease: prerelease.map(str::to_owned) })
}

fn parse_dependencies(text: &str) -> Option<Vec<(String, Vec<u64>)>> {
    text.split('-')
        .map(|part| {
            let cut = part.find(|c: char| c.is_ascii_digit())?;
            let (name, numbers) = part.split_at(cut);
            let named = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphabetic());
            Some((named.then(|| name.to_owned())?, dotted(numbers)?))
        })
        .collect()
}

fn dotted(text: &str) -> Option<Vec<u64>> {
    let numbers: Vec<u64> = text.split('.').map(number).collect::<Option<_>>()?;
    (numbers.len() >= 2).then_some(numbers)
}

fn number(text: &str) -> Option<u64> {
    // `u64::from_str` accepts a sign.
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_in_the_predecessor_s_table() {
        let release = |numbers: &[u64], prerelease: Option<&str>| {
            Some(ParsedVersion::Release(Release {
                numbers: numbers.to_vec(),
                prerelease: prerelease.map(str::to_owned),
            }))
        };
        let pairs = |pairs: &[(&str, &[u64])]| {
            Some(ParsedVersion::Dependencies(
                pairs.iter().map(|(n, v)| ((*n).to_owned(), v.to_vec())).collect(),
            ))
        };
        for (text, want) in [
            ("2026.03.1", release(&[2026, 3, 1], None)),
            ("2026.04.0+526.pro2", release(&[2026, 4, 0], None)),
            ("2026.05.0-dev+185-gSHA", release(&[2026, 5, 0], Some("dev"))),
            ("2025.12.0-14", release(&[2025, 12, 0], Some("14"))),
            ("24.04", release(&[24, 4], None)),
            ("R4.5.1-python3.13.7", pairs(&[("R", &[4, 5, 1]), ("python", &[3, 13, 7])])),
            ("python3.12", pairs(&[("python", &[3, 12])])),
            ("9", None),
            ("1.0.0 Beta", None),
            ("R4", None),
            ("", None),
            ("-", None),
            ("1.", None),
            ("+1.2", None),
            ("1.2+", None),
            ("1.2-", None),
            ("1.99999999999999999999", None),
            ("R4.5-", None),
        ] {
            assert_eq!(ParsedVersion::parse(text), want, "{text}");
        }
    }

    #[test]
    fn releases_are_ordered_as_semver_orders_them() {
        let ordered = [
            "2025.12.0-14",
            "2025.12.0",
            "2026.03.0-2",
            "2026.03.0-dev",
            "2026.03.0-dev.2",
            "2026.03.0-dev.x",
            "2026.03.0",
            "2026.03.1",
            "2026.04.0-daily+92",
            "2026.04.0-dev+485-gdb8245deea",
            "2026.04.0",
            "2026.10.0",
        ];
        let parsed: Vec<Release> = ordered.iter().map(|text| parse_release(text).unwrap()).collect();
        for (i, a) in parsed.iter().enumerate() {
            for (j, b) in parsed.iter().enumerate() {
                assert_eq!(a.compare(b), i.cmp(&j), "{} {}", ordered[i], ordered[j]);
            }
        }
    }
}
