//! The rules of `dependencyConstraints`: a range, the newest patch of each minor version, a count.
//! Must not know where versions come from.

use bakery_sdk::{SourceError, excerpt, lister::Constraint};

use crate::pep440::Version;

/// A checked constraint.
pub(crate) struct Rule {
    count: Option<usize>,
    min: Option<Version>,
    max: Option<Version>,
}

impl Rule {
    /// Checks a constraint. `latest` alone means one version.
    pub(crate) fn new(constraint: &Constraint) -> Result<Self, SourceError> {
        let refuse = |why: &str| Err(SourceError::InvalidConfig(format!("the constraint is wrong: {why}")));
        let bound = |name: &str, text: &Option<String>| {
            match text {
            None => Ok(None),
            Some(text) => Version::parse(text).map(Some).ok_or_else(|| {
                let found = excerpt(text.as_bytes());
                SourceError::InvalidConfig(format!(
                    "the constraint is wrong: `{name}` is {found}, which is not a version: expected one like `4.4`"
                ))
            }),
        }
        };
        let (min, max) = (bound("min", &constraint.min)?, bound("max", &constraint.max)?);
        if constraint.latest && max.is_some() {
            return refuse("`latest` and `max` exclude each other");
        }
        if constraint.count == Some(0) {
            return refuse("`count` must be more than 0");
        }
        if constraint.count.is_some() && min.is_some() {
            return refuse("`count` and `min` exclude each other");
        }
        if let (Some(min), Some(max)) = (&min, &max)
            && !within(min, max)
        {
            return refuse(&format!("`min` (`{}`) is higher than `max` (`{}`)", min.as_str(), max.as_str()));
        }
        let alone = constraint.latest && constraint.count.is_none() && min.is_none();
        let count = if alone { Some(1) } else { constraint.count.map(|count| count as usize) };
        Ok(Self { count, min, max })
    }

    /// Selects from versions in any order: newest first, one for each minor version.
    pub(crate) fn select(&self, mut versions: Vec<Version>) -> Vec<Version> {
        versions.sort_by(|a, b| b.cmp(a));
        versions.retain(|version| {
            self.min.as_ref().is_none_or(|min| version >= min)
                && self.max.as_ref().is_none_or(|max| within(version, max))
        });
        versions.dedup_by_key(|version| version.minor());
        versions.truncate(self.count.unwrap_or(usize::MAX));
        versions
    }
}

/// Whether a version is not above `max`. Plain numbers are a prefix: `4.4` holds every `4.4.x`.
fn within(version: &Version, max: &Version) -> bool {
    if !max.is_plain() {
        return version <= max;
    }
    let mut numbers = version.release().to_vec();
    numbers.resize(max.release().len(), 0);
    numbers.as_slice() <= max.release()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(
        latest: bool,
        count: Option<u32>,
        min: Option<&str>,
        max: Option<&str>,
    ) -> Result<Rule, SourceError> {
        Rule::new(&Constraint { latest, count, min: min.map(str::to_owned), max: max.map(str::to_owned) })
    }

    fn check(
        latest: bool,
        count: Option<u32>,
        min: Option<&str>,
        max: Option<&str>,
        from: &[&str],
        want: &[&str],
    ) {
        let versions = from.iter().map(|text| Version::parse(text).unwrap()).collect();
        let selected = rule(latest, count, min, max).unwrap().select(versions);
        let selected: Vec<&str> = selected.iter().map(Version::as_str).collect();
        assert_eq!(selected, want, "{latest} {count:?} {min:?} {max:?}");
    }

    #[test]
    fn constraints_select_as_in_the_predecessor_s_table() {
        let r = ["4.4.0", "4.5.2", "4.4.3", "4.5.1", "4.3.3", "4.2.1", "3.6.3", "4.3.1"];
        let all = ["4.5.2", "4.4.3", "4.3.3", "4.2.1", "3.6.3"];
        check(true, None, None, None, &r, &all[..1]);
        check(true, Some(2), None, None, &r, &all[..2]);
        check(true, None, Some("4.3"), None, &r, &all[..3]);
        check(true, None, Some("4.3.9"), None, &r, &all[..2]);
        check(true, None, Some("4"), None, &r, &all[..4]);
        check(false, None, None, Some("4.4"), &r, &all[1..]);
        check(false, Some(1), None, Some("4.4"), &r, &all[1..2]);
        check(false, None, None, Some("4.4.1"), &r, &["4.4.0", "4.3.3", "4.2.1", "3.6.3"]);
        check(false, None, None, Some("4"), &r, &all);
        check(false, None, Some("4.2"), Some("4.4"), &r, &all[1..4]);
        check(false, Some(2), None, Some("4.4.2"), &r, &["4.4.0", "4.3.3"]);
        check(false, None, None, None, &r, &all);
        check(false, Some(1), None, None, &r, &all[..1]);
        check(
            false,
            None,
            None,
            None,
            &["2026.07.0-55", "2026.03.0-212", "2026.02.1-5", "2026.02.0-100"],
            &["2026.07.0-55", "2026.03.0-212", "2026.02.1-5"],
        );
    }

    #[test]
    fn a_maximum_of_plain_numbers_is_a_prefix() {
        let positron = ["2026.03.0-212", "2026.02.1-5", "2026.04.0-1"];
        check(false, Some(1), None, Some("2026.03.0"), &positron, &["2026.03.0-212"]);
        check(false, Some(1), None, Some("2026.3"), &positron, &["2026.03.0-212"]);
        check(false, Some(1), None, Some("2026.03.0-100"), &positron, &["2026.02.1-5"]);
        check(false, None, Some("4.4"), Some("4.4"), &["4.4.3", "4.5.0"], &["4.4.3"]);
        check(false, None, None, Some("v4.4"), &["4.4.3"], &["4.4.3"]);
    }

    #[test]
    fn a_constraint_that_contradicts_itself_is_refused() {
        for (latest, count, min, max, want) in [
            (true, None, None, Some("4.4"), "`latest` and `max` exclude each other"),
            (true, Some(0), None, None, "`count` must be more than 0"),
            (true, Some(1), Some("4"), None, "`count` and `min` exclude each other"),
            (false, Some(1), Some("4"), Some("5"), "`count` and `min` exclude each other"),
            (false, None, Some("4.5"), Some("4.4"), "`min` (`4.5`) is higher than `max` (`4.4`)"),
            (
                false,
                None,
                Some("abc"),
                None,
                "`min` is `abc`, which is not a version: expected one like `4.4`",
            ),
            (
                false,
                None,
                None,
                Some(""),
                "`max` is nothing, which is not a version: expected one like `4.4`",
            ),
        ] {
            let SourceError::InvalidConfig(text) = rule(latest, count, min, max).err().unwrap() else {
                panic!()
            };
            assert_eq!(text, format!("the constraint is wrong: {want}"));
        }
    }
}
