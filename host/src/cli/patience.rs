//! How long and how often a publish tries: flag before environment before `bakery.yaml` before default.
//! A variable that makes no sense is told and left out, because a typo must not end a release.

use std::time::Duration;

use bakery_core::{
    config::{PublishSettings, RetrySettings},
    policy::{RetryPolicy, RetryTexts},
};

use super::{PublishOptions, env};

/// For how long what was just pushed may be unreadable, where nobody says.
const WINDOW: Duration = Duration::from_secs(600);

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
        let [attempts, initial, max, multiplier] =
            [env::RETRY_ATTEMPTS, env::RETRY_INITIAL_BACKOFF, env::RETRY_MAX_BACKOFF, env::RETRY_MULTIPLIER]
                .map(|variable| variable.read());
        let texts = RetryTexts {
            attempts: attempts.as_deref(),
            initial_backoff: initial.as_deref(),
            max_backoff: max.as_deref(),
            multiplier: multiplier.as_deref(),
        };
        let (retry, warnings) = retry(options.retry_attempts, texts, &settings.retry);
        Self { window, retry, warnings }
    }
}

fn retry(flag: Option<u32>, texts: RetryTexts<'_>, file: &RetrySettings) -> (RetryPolicy, Vec<String>) {
    let default = RetryPolicy::default();
    let (mut policy, warnings) = texts.over(RetryPolicy {
        attempts: file.attempts.unwrap_or(default.attempts),
        initial: file.initial_backoff.unwrap_or(default.initial),
        max: file.max_backoff.unwrap_or(default.max),
        multiplier: file.multiplier.unwrap_or(default.multiplier),
        ..default
    });
    policy.attempts = flag.unwrap_or(policy.attempts);
    (policy, warnings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_beats_the_environment_which_beats_the_file_which_beats_the_default() {
        let file = RetrySettings {
            attempts: Some(3),
            initial_backoff: Some(Duration::from_secs(1)),
            max_backoff: None,
            multiplier: Some(4.0),
        };
        let texts =
            RetryTexts { attempts: Some(" 7 "), initial_backoff: Some("0.5"), ..RetryTexts::default() };
        let (policy, warnings) = retry(None, texts, &file);
        assert_eq!((policy.attempts, policy.initial), (7, Duration::from_millis(500)));
        assert_eq!((policy.max, policy.multiplier), (Duration::from_secs(32), 4.0));
        assert!(warnings.is_empty());
        assert_eq!(retry(Some(9), texts, &file).0.attempts, 9);
        assert_eq!(retry(None, RetryTexts::default(), &file).0.attempts, 3);
        assert_eq!(retry(None, RetryTexts::default(), &RetrySettings::default()).0, RetryPolicy::default());
    }

    #[test]
    fn a_variable_that_makes_no_sense_leaves_what_the_file_says() {
        let file = RetrySettings { attempts: Some(3), ..RetrySettings::default() };
        let texts = RetryTexts { attempts: Some("many"), ..RetryTexts::default() };
        let (policy, warnings) = retry(None, texts, &file);
        assert_eq!((policy.attempts, warnings.len()), (3, 1));
        assert!(warnings[0].contains("`many`") && warnings[0].ends_with("3 is used"), "{warnings:?}");
    }
}
