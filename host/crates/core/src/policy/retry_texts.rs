//! The retry policy as people write it into environment variables, read by the rules of the predecessor.
//! Reads no environment: it is given the values.

use std::{num::IntErrorKind, time::Duration};

use super::RetryPolicy;

/// The values of the variables; `None` where one is not set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RetryTexts<'a> {
    /// Of [`RetryTexts::ATTEMPTS`]: attempts in all, at least 1.
    pub attempts: Option<&'a str>,
    /// Of [`RetryTexts::INITIAL_BACKOFF`]: seconds, at least 0.
    pub initial_backoff: Option<&'a str>,
    /// Of [`RetryTexts::MAX_BACKOFF`]: seconds, at least 0.
    pub max_backoff: Option<&'a str>,
    /// Of [`RetryTexts::MULTIPLIER`]: at least 1.
    pub multiplier: Option<&'a str>,
}

impl RetryTexts<'_> {
    /// The variable with the number of attempts.
    pub const ATTEMPTS: &'static str = "BAKERY_REGISTRY_RETRY_ATTEMPTS";
    /// The variable with the backoff after the first attempt.
    pub const INITIAL_BACKOFF: &'static str = "BAKERY_REGISTRY_RETRY_INITIAL_BACKOFF";
    /// The variable with the longest backoff.
    pub const MAX_BACKOFF: &'static str = "BAKERY_REGISTRY_RETRY_MAX_BACKOFF";
    /// The variable with the growth of the backoff.
    pub const MULTIPLIER: &'static str = "BAKERY_REGISTRY_RETRY_MULTIPLIER";

    /// The policy, and one sentence for each value that is not used. A blank value means the default; so does one
    /// that is no number or too small, with a warning.
    #[must_use]
    pub fn read(&self) -> (RetryPolicy, Vec<String>) {
        let mut warnings = Vec::new();
        let default = RetryPolicy::default();
        let seconds = |value: f64| Duration::try_from_secs_f64(value).unwrap_or(Duration::MAX);
        let mut number = |name, text: Option<&str>, least: f64, default: f64| {
            let expected = format!("a number of at least {least}");
            value(name, text, default, &expected, &mut warnings, |text| {
                text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= least)
            })
        };
        let initial = number(Self::INITIAL_BACKOFF, self.initial_backoff, 0.0, default.initial.as_secs_f64());
        let max = number(Self::MAX_BACKOFF, self.max_backoff, 0.0, default.max.as_secs_f64());
        let multiplier = number(Self::MULTIPLIER, self.multiplier, 1.0, default.multiplier);
        let expected = "a whole number of at least 1";
        let attempts =
            value(Self::ATTEMPTS, self.attempts, default.attempts, expected, &mut warnings, |text| {
                whole(text).filter(|number| *number >= 1)
            });
        let policy =
            RetryPolicy { attempts, initial: seconds(initial), max: seconds(max), multiplier, ..default };
        (policy, warnings)
    }
}

fn value<T: std::fmt::Display>(
    name: &str,
    text: Option<&str>,
    default: T,
    expected: &str,
    warnings: &mut Vec<String>,
    read: impl FnOnce(&str) -> Option<T>,
) -> T {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return default };
    if let Some(value) = joined(text).and_then(|text| read(&text)) {
        return value;
    }
    warnings.push(format!("`{name}` is `{text}`, which is not {expected}: {default} is used"));
    default
}

/// A number that is too large to count is as good as the largest.
fn whole(text: &str) -> Option<u32> {
    text.parse().map_or_else(
        |error: std::num::ParseIntError| (*error.kind() == IntErrorKind::PosOverflow).then_some(u32::MAX),
        Some,
    )
}

/// `1_000` is a thousand, as the predecessor's language has it; a `_` anywhere but between digits is no number.
fn joined(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let joins = |at: usize| digit(at.checked_sub(1)) && digit(at.checked_add(1));
    text.match_indices('_').all(|(at, _)| joins(at)).then(|| text.replace('_', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_given_means_the_defaults() {
        assert_eq!(RetryTexts::default().read(), (RetryPolicy::default(), vec![]));
        let blank = Some(" \t");
        let blanks = RetryTexts {
            attempts: blank,
            initial_backoff: blank,
            max_backoff: Some(""),
            multiplier: blank,
        };
        assert_eq!(blanks.read(), (RetryPolicy::default(), vec![]));
    }

    #[test]
    fn the_predecessors_example_is_read() {
        let texts = RetryTexts {
            attempts: Some("9"),
            initial_backoff: Some("1.5"),
            max_backoff: Some("60"),
            multiplier: Some("3"),
        };
        let expected = RetryPolicy {
            attempts: 9,
            initial: Duration::from_millis(1500),
            max: Duration::from_secs(60),
            multiplier: 3.0,
            ..RetryPolicy::default()
        };
        assert_eq!(texts.read(), (expected, vec![]));
    }

    #[test]
    fn attempts_are_whole_numbers_of_at_least_one() {
        for (text, expected, warns) in [
            (" 7 ", 7, false),
            ("1", 1, false),
            ("+3", 3, false),
            ("007", 7, false),
            ("1_0", 10, false),
            ("99999999999", u32::MAX, false),
            ("3.0", 5, true),
            ("0", 5, true),
            ("-1", 5, true),
            ("-99999999999", 5, true),
            ("not-a-number", 5, true),
            ("_1", 5, true),
            ("1__0", 5, true),
            ("0x5", 5, true),
        ] {
            let (policy, warnings) = RetryTexts { attempts: Some(text), ..RetryTexts::default() }.read();
            assert_eq!((policy.attempts, !warnings.is_empty()), (expected, warns), "{text}");
        }
    }

    #[test]
    fn backoffs_are_seconds_of_at_least_zero_and_finite() {
        for (text, expected, warns) in [
            ("0", 0.0, false),
            ("-0.0", 0.0, false),
            (".5", 0.5, false),
            ("5.", 5.0, false),
            ("1e1", 10.0, false),
            (" 0.25\n", 0.25, false),
            ("-1", 2.0, true),
            ("nan", 2.0, true),
            ("NaN", 2.0, true),
            ("inf", 2.0, true),
            ("-infinity", 2.0, true),
            ("1e999", 2.0, true),
            ("two", 2.0, true),
            ("1,5", 2.0, true),
        ] {
            let texts = RetryTexts { initial_backoff: Some(text), ..RetryTexts::default() };
            let (policy, warnings) = texts.read();
            assert_eq!((policy.initial.as_secs_f64(), !warnings.is_empty()), (expected, warns), "{text}");
        }
        let texts = RetryTexts { max_backoff: Some("1e30"), ..RetryTexts::default() };
        assert_eq!(texts.read(), (RetryPolicy { max: Duration::MAX, ..RetryPolicy::default() }, vec![]));
    }

    #[test]
    fn a_multiplier_below_one_would_come_back_sooner_and_sooner() {
        for (text, expected) in [("1", 1.0), ("1.5", 1.5), ("0.9", 2.0), ("-2", 2.0), ("nan", 2.0)] {
            let (policy, _) = RetryTexts { multiplier: Some(text), ..RetryTexts::default() }.read();
            assert_eq!(policy.multiplier, expected, "{text}");
        }
    }

    #[test]
    fn every_value_that_is_not_used_is_named_with_what_was_expected() {
        let texts = RetryTexts {
            attempts: Some("3.0"),
            initial_backoff: Some("-1"),
            max_backoff: Some("nan"),
            multiplier: Some("0.5"),
        };
        let (policy, warnings) = texts.read();
        assert_eq!(policy, RetryPolicy::default());
        insta::assert_snapshot!(warnings.join("\n"), @r"
        `BAKERY_REGISTRY_RETRY_INITIAL_BACKOFF` is `-1`, which is not a number of at least 0: 2 is used
        `BAKERY_REGISTRY_RETRY_MAX_BACKOFF` is `nan`, which is not a number of at least 0: 32 is used
        `BAKERY_REGISTRY_RETRY_MULTIPLIER` is `0.5`, which is not a number of at least 1: 2 is used
        `BAKERY_REGISTRY_RETRY_ATTEMPTS` is `3.0`, which is not a whole number of at least 1: 5 is used
        ");
    }
}
