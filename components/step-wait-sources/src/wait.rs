//! One host call for all sources, and one failure for all that lag.

use bakery_sdk::{
    Failure, Registry, failure,
    step::{Outcome, Task},
    task,
};

/// The component's name in messages.
const NAME: &str = "step-wait-sources";

/// Waits. The outcome says `readable` of each source.
///
/// # Errors
/// The host's failure for the one source that cannot be read, or one failure that names all of them.
pub fn run(
    registry: &impl Registry,
    asked: &Task,
    _previous: &[(String, Outcome)],
) -> Result<Outcome, Failure> {
    task::options(NAME, asked, &[])?;
    task::sources(asked)?;
    let references = task::references(asked);
    let answers = registry.await_readable(&references);
    failure::all(answers, |failed, total| format!("{failed} of {total} sources cannot be read"))?;
    let readable = |reference| ("readable".to_owned(), reference);
    Ok(Outcome { digest: None, attributes: references.into_iter().map(readable).collect() })
}

#[cfg(test)]
mod tests {
    use bakery_sdk::{
        FailureKind,
        testing::{FakeRegistry, Verb, task},
    };

    use super::*;

    #[test]
    fn all_sources_are_waited_for_with_one_call() {
        let task = task();
        let registry = FakeRegistry::new().with_sources_of(&task);
        let outcome = run(&registry, &task, &[]).unwrap();
        let references = task::references(&task);
        assert_eq!(registry.asked(), [format!("await-readable {}", references.join(" "))]);
        assert_eq!(outcome.digest, None);
        let said: Vec<_> =
            outcome.attributes.into_iter().map(|(key, value)| format!("{key} {value}")).collect();
        assert_eq!(said, [0, 1].map(|at: usize| format!("readable {}", references[at])));
    }

    #[test]
    fn one_source_that_lags_is_the_host_s_failure_as_it_is() {
        let task = task();
        let late = &task.sources[1].reference;
        let registry = FakeRegistry::new().with_sources_of(&task).failing(
            Verb::AwaitReadable,
            late,
            FailureKind::TimedOut,
        );
        let error = run(&registry, &task, &[]).unwrap_err();
        assert_eq!((error.kind, error.attempts), (FailureKind::TimedOut, 3));
        assert_eq!((&error.subject, error.message), (late, format!("AwaitReadable of `{late}` failed")));
    }

    #[test]
    fn several_that_lag_are_all_named_in_one_failure() {
        let task = task();
        let [first, second] = [&task.sources[0].reference, &task.sources[1].reference];
        let registry = FakeRegistry::new()
            .failing(Verb::AwaitReadable, first, FailureKind::TimedOut)
            .failing(Verb::AwaitReadable, second, FailureKind::Denied);
        let error = run(&registry, &task, &[]).unwrap_err();
        assert_eq!((error.kind, &error.subject), (FailureKind::TimedOut, first));
        let [one, other] = [first, second].map(|reference| format!("AwaitReadable of `{reference}` failed"));
        assert_eq!(error.message, format!("2 of 2 sources cannot be read: {one}; {other}"));
    }

    #[test]
    fn a_target_without_sources_and_an_unknown_option_are_refused_before_anything_is_asked() {
        for (changed, want) in [
            (Task { sources: Vec::new(), ..task() }, "target `connect-2026-05-0` has no sources"),
            (
                Task { options: r#"{"window":"10m"}"#.to_owned(), ..task() },
                "the `options` of `step-wait-sources` are wrong: `window` is not a key: there is none",
            ),
        ] {
            let registry = FakeRegistry::new();
            let error = run(&registry, &changed, &[]).unwrap_err();
            assert_eq!((error.kind, error.message.as_str()), (FailureKind::InvalidInput, want));
            assert_eq!(registry.asked(), [""; 0]);
        }
    }
}
