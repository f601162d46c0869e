//! What a publishing step answered: a digest that is one, attributes within bounds, or why it failed. A failure of a
//! host call that it passes on is the one that the host gave it; what it says itself it says in its own name.

use bakery_core::{
    model::Digest,
    port::{Failure, FailureKind, StepOutcome},
};

use super::text::{excerpt, is_line, sentence};
use crate::bindings::{publish_step as wit, types};

/// Attributes of one outcome.
const ATTRIBUTES: usize = 4096;

/// Bytes of all of them.
const BYTES: usize = 512 * 1024;

/// Bytes of a key.
const KEY: usize = 64;

/// Bytes of a value.
const VALUE: usize = 1024;

/// Reads an outcome.
///
/// # Errors
/// The digest is none, or an attribute is not a pair of a lower-case word and a short line, or there are too many.
pub(crate) fn read(outcome: wit::Outcome, component: &str) -> Result<StepOutcome, Failure> {
    let refuse = |what: String| {
        Err(Failure::new(
            FailureKind::Internal,
            component,
            format!("component `{component}` answered {what}"),
        ))
    };
    let digest = match outcome.digest.map(|text| text.parse::<Digest>()).transpose() {
        Ok(digest) => digest,
        Err(error) => return refuse(format!("`{}`, which is not a digest", excerpt(&error.0))),
    };
    let attributes = outcome.attributes;
    if attributes.len() > ATTRIBUTES {
        return refuse(format!("{} attributes; at most {ATTRIBUTES} are read", attributes.len()));
    }
    let bytes: usize = attributes.iter().map(|(key, value)| key.len() + value.len()).sum();
    if bytes > BYTES {
        return refuse(format!("{bytes} bytes of attributes; at most {BYTES} are read"));
    }
    for (key, value) in &attributes {
        if !is_key(key) {
            return refuse(format!(
                "the attribute `{}`: a key is lower-case words joined by `-`",
                excerpt(key)
            ));
        }
        if !is_line(value, VALUE) {
            return refuse(format!(
                "the attribute `{key}` = `{}`: a value is one line of at most {VALUE} bytes",
                excerpt(value)
            ));
        }
    }
    Ok(StepOutcome { digest, attributes })
}

/// Reads why a step failed.
pub(crate) fn refuse(claim: &types::Failure, component: &str, issued: &[Failure]) -> Failure {
    let about = |failure: &&Failure| failure.subject == claim.subject;
    let issued_so = |failure: &&Failure| about(failure) && failure.message == claim.message;
    // The latest ones first: what is passed on is most likely what came last.
    if let Some(original) = issued.iter().rev().find(issued_so) {
        return original.clone();
    }
    let mut failure = match issued.iter().rev().find(about) {
        // Several failures in one, or other words for it: class, attempts and hint stay the host's.
        Some(original) => Failure { message: sentence(&claim.message), ..original.clone() },
        None => own(claim, component),
    };
    if issued.iter().any(|failure| failure.kind == FailureKind::Cancelled) {
        failure.kind = FailureKind::Cancelled;
    }
    failure
}

/// A failure of the step itself. Classes that say something of a registry are not its own to give.
fn own(claim: &types::Failure, component: &str) -> Failure {
    let kind = match claim.kind {
        types::FailureKind::InvalidInput => FailureKind::InvalidInput,
        types::FailureKind::NotFound => FailureKind::NotFound,
        types::FailureKind::Conflict => FailureKind::Conflict,
        types::FailureKind::Internal => FailureKind::Internal,
        types::FailureKind::Unauthorized
        | types::FailureKind::Denied
        | types::FailureKind::RateLimited
        | types::FailureKind::Unavailable
        | types::FailureKind::TimedOut
        | types::FailureKind::Cancelled => {
            let message = format!(
                "component `{component}` reports a failed request that it did not make, of `{}`: {}",
                excerpt(&claim.subject),
                sentence(&claim.message)
            );
            return Failure::new(FailureKind::Internal, component, message);
        }
    };
    Failure::new(kind, sentence(&claim.subject), sentence(&claim.message))
}

/// Lower-case words joined by `-`.
fn is_key(key: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    key.len() <= KEY && key.split('-').all(word)
}

#[cfg(test)]
#[path = "step_tests.rs"]
mod tests;
