//! Failures of steps: their own, and several that become one. Decides nothing about another attempt.

use crate::host::types::{Failure, FailureKind};

/// How many failures a message names one by one.
const NAMED: usize = 12;

/// A failure that no host call had.
#[must_use]
pub fn failure(kind: FailureKind, subject: &str, message: impl Into<String>) -> Failure {
    Failure {
        kind,
        message: message.into(),
        subject: subject.to_owned(),
        attempts: 0,
        attributes: Vec::new(),
    }
}

/// An `invalid-input`: what was asked cannot be done, whoever is asked.
#[must_use]
pub fn invalid(subject: &str, message: impl Into<String>) -> Failure {
    failure(FailureKind::InvalidInput, subject, message)
}

/// Every value, or every failure in one: a single one unchanged, several with the class and the subject of the first
/// and a message that begins with `what` and names them all.
///
/// # Errors
/// At least one failed.
pub fn all<T>(
    answers: impl IntoIterator<Item = Result<T, Failure>>,
    what: impl FnOnce(usize, usize) -> String,
) -> Result<Vec<T>, Failure> {
    let mut values = Vec::new();
    let mut failures = Vec::new();
    for answer in answers {
        match answer {
            Ok(value) => values.push(value),
            Err(failure) => failures.push(failure),
        }
    }
    let total = values.len() + failures.len();
    match together(failures, |failed| what(failed, total)) {
        None => Ok(values),
        Some(failure) => Err(failure),
    }
}

/// Several failures as one, as [`all`] makes it; none of none.
#[must_use]
pub fn together(mut failures: Vec<Failure>, what: impl FnOnce(usize) -> String) -> Option<Failure> {
    if failures.len() < 2 {
        return failures.pop();
    }
    let mut message = what(failures.len());
    for (at, failure) in failures.iter().take(NAMED).enumerate() {
        message.push_str(if at == 0 { ": " } else { "; " });
        if !failure.message.contains(&failure.subject) {
            message.push_str(&format!("`{}`: ", failure.subject));
        }
        message.push_str(&failure.message);
    }
    if failures.len() > NAMED {
        message.push_str(&format!("; and {} more", failures.len() - NAMED));
    }
    let first = failures.swap_remove(0);
    Some(Failure { message, ..first })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(answers: Vec<Result<u32, Failure>>) -> Result<Vec<u32>, Failure> {
        all(answers, |failed, total| format!("{failed} of {total} sources cannot be read"))
    }

    #[test]
    fn a_single_failure_is_passed_on_as_it_is() {
        let one = Failure {
            attempts: 5,
            attributes: vec![("a".to_owned(), "b".to_owned())],
            ..failure(FailureKind::TimedOut, "ghcr.io/a/b@sha256:1", "not readable after 600 s")
        };
        assert_eq!(read(vec![Ok(1), Err(one.clone())]), Err(one));
        assert_eq!(read(vec![Ok(1), Ok(2)]), Ok(vec![1, 2]));
    }

    #[test]
    fn several_failures_have_the_first_one_s_class_and_name_all() {
        let answers = vec![
            Err(failure(FailureKind::NotFound, "a", "`a` does not exist")),
            Ok(1),
            Err(failure(FailureKind::Denied, "b", "no access")),
        ];
        let error = read(answers).unwrap_err();
        assert_eq!((error.kind, error.subject.as_str()), (FailureKind::NotFound, "a"));
        assert_eq!(error.message, "2 of 3 sources cannot be read: `a` does not exist; `b`: no access");
    }

    #[test]
    fn a_message_is_bounded_however_many_failed() {
        let answers =
            (0..40).map(|n| Err(failure(FailureKind::NotFound, &format!("r{n}"), "gone"))).collect();
        let message = read(answers).unwrap_err().message;
        assert!(message.contains("`r11`: gone; and 28 more") && !message.contains("r12"), "{message}");
    }
}
