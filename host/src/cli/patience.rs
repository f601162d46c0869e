//! How long and how often a publish tries: flag before environment before `bakery.yaml` before default.
//! A variable that makes no sense is told and left out, because a typo must not end a release.

use std::{str::FromStr, time::Duration};

use bakery_core::{
    config::{PublishSettings, RetrySettings},
    policy::RetryPolicy,
};

use super::{
    PublishOptions,
    env::{self, Variable},
};

/// For how long what was just pushed may be unreadable, where nobody says.
const WINDOW: Duration = Duration::from_secs(600);
/// The longest pause that can be asked for, in seconds: a day.
const LONGEST: f64 = 86_400.0;

/// How long, and how often.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Patience {
    /// For how long what was just pushed may be unreadable.
    pub(crate) window: Duration,
    /// How often, and how far apart.
    pub(crate) retry: RetryPolicy,
    /// Sentences for the user.
    pub(crate) warnings: Vec<String>,
}

impl Patience {
    /// What flags, environment and `publish:` say together.
    pub(crate) fn new(options: &PublishOptions, settings: &PublishSettings) -> Self {
        let window = options.wait_timeout.or(settings.wait_timeout).unwrap_or(WINDOW);
        let (retry, warnings) = retry(options.retry_attempts, &Spoken::read(), &settings.retry);
        Self { window, retry, warnings }
    }
}

/// What the environment says, in its own words.
#[derive(Clone, Debug, Default)]
struct Spoken {
    attempts: Option<String>,
    initial: Option<String>,
    max: Option<String>,
    multiplier: Option<String>,
}

impl Spoken {
    fn read() -> Self {
        Self {
            attempts: env::RETRY_ATTEMPTS.read(),
            initial: env::RETRY_INITIAL_BACKOFF.read(),
            max: env::RETRY_MAX_BACKOFF.read(),
            multiplier: env::RETRY_MULTIPLIER.read(),
        }
    }
}

fn retry(flag: Option<u32>, spoken: &Spoken, settings: &RetrySettings) -> (RetryPolicy, Vec<String>) {
    let mut warnings = Vec::new();
    let mut policy = RetryPolicy::default();
    let mut number = |text: &Option<String>, variable: &Variable, least: f64| {
        let number = |value: &f64| value.is_finite() && (least..=LONGEST).contains(value);
        read(text.as_deref(), variable, &format!("a number from {least} to {LONGEST}"), number, &mut warnings)
    };
    let seconds = |value: Option<f64>| value.map(Duration::from_secs_f64);
    let initial = seconds(number(&spoken.initial, &env::RETRY_INITIAL_BACKOFF, 0.0));
    let max = seconds(number(&spoken.max, &env::RETRY_MAX_BACKOFF, 0.0));
    let multiplier = number(&spoken.multiplier, &env::RETRY_MULTIPLIER, 1.0);
    let attempts = read(
        spoken.attempts.as_deref(),
        &env::RETRY_ATTEMPTS,
        "a whole number of at least 1",
        |value: &u32| *value >= 1,
        &mut warnings,
    );
    policy.attempts = flag.or(attempts).or(settings.attempts).unwrap_or(policy.attempts);
    policy.initial = initial.or(settings.initial_backoff).unwrap_or(policy.initial);
    policy.max = max.or(settings.max_backoff).unwrap_or(policy.max);
    policy.multiplier = multiplier.or(settings.multiplier).unwrap_or(policy.multiplier);
    (policy, warnings)
}

/// A variable's value, where it is set and makes sense.
fn read<T: FromStr>(
    text: Option<&str>,
    variable: &Variable,
    expected: &str,
    good: impl Fn(&T) -> bool,
    warnings: &mut Vec<String>,
) -> Option<T> {
    let text = text?.trim();
    if text.is_empty() {
        return None;
    }
    let value = text.parse().ok().filter(good);
    if value.is_none() {
        warnings.push(format!("{} is `{text}`, not {expected}: it is left out", variable.name));
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn the_flag_beats_the_environment_which_beats_the_file_which_beats_the_default() {
        let settings = RetrySettings {
            attempts: Some(3),
            initial_backoff: Some(Duration::from_secs(1)),
            max_backoff: None,
            multiplier: Some(4.0),
        };
        let spoken = Spoken { attempts: text(" 7 "), initial: text("0.5"), ..Spoken::default() };
        let (policy, warnings) = retry(None, &spoken, &settings);
        assert_eq!((policy.attempts, policy.initial), (7, Duration::from_millis(500)));
        assert_eq!((policy.max, policy.multiplier), (Duration::from_secs(32), 4.0));
        assert!(warnings.is_empty());
        assert_eq!(retry(Some(9), &spoken, &settings).0.attempts, 9);
        assert_eq!(retry(None, &Spoken::default(), &settings).0.attempts, 3);
        assert_eq!(retry(None, &Spoken::default(), &RetrySettings::default()).0, RetryPolicy::default());
    }

    #[test]
    fn a_variable_that_makes_no_sense_is_told_and_left_out() {
        for bad in ["3.0", "0", "-1", "many", "4294967296"] {
            let spoken = Spoken { attempts: text(bad), ..Spoken::default() };
            let (policy, warnings) = retry(None, &spoken, &RetrySettings::default());
            assert_eq!((policy.attempts, warnings.len()), (5, 1), "{bad}");
            assert!(warnings[0].contains("BAKERY_REGISTRY_RETRY_ATTEMPTS") && warnings[0].contains(bad));
        }
        for bad in ["nan", "inf", "-1", "1e300", "2s"] {
            let spoken = Spoken { initial: text(bad), max: text(bad), ..Spoken::default() };
            let (policy, warnings) = retry(None, &spoken, &RetrySettings::default());
            assert_eq!((policy, warnings.len()), (RetryPolicy::default(), 2), "{bad}");
        }
        let spoken = Spoken { multiplier: text("0.5"), initial: text("  "), ..Spoken::default() };
        assert_eq!(retry(None, &spoken, &RetrySettings::default()).1.len(), 1, "blank is unset");
    }
}
