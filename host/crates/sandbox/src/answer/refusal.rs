//! Why a source says it cannot answer. A failure of a host call that it passes on is replaced by the one that the
//! host gave it: a guest can neither make a failure look worth another attempt nor lose its hint.

use bakery_core::port::{Failure, FailureKind, SourceError};

use super::text::{excerpt, sentence};
use crate::bindings::types;

/// Reads a refusal.
pub(crate) fn read(refusal: types::SourceError, component: &str, issued: &[Failure]) -> SourceError {
    match refusal {
        types::SourceError::InvalidConfig(text) => SourceError::InvalidConfig(sentence(&text)),
        types::SourceError::Unsupported(text) => SourceError::Unsupported(sentence(&text)),
        types::SourceError::NotFound(text) => SourceError::NotFound(sentence(&text)),
        types::SourceError::InvalidAnswer(text) => SourceError::InvalidAnswer(sentence(&text)),
        types::SourceError::Failed(claim) => SourceError::Failed(failure(&claim, component, issued)),
    }
}

fn failure(claim: &types::Failure, component: &str, issued: &[Failure]) -> Failure {
    let original = issued
        .iter()
        .find(|failure| failure.subject == claim.subject && failure.message == claim.message)
        .or_else(|| issued.iter().find(|failure| failure.subject == claim.subject));
    original.cloned().unwrap_or_else(|| {
        let message = format!(
            "component `{component}` reports a failed request that it did not make, of `{}`: {}",
            excerpt(&claim.subject),
            sentence(&claim.message)
        );
        Failure::new(FailureKind::Internal, component, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_that_is_passed_on_is_the_one_the_host_gave() {
        let host = Failure::new(FailureKind::NotFound, "https://a.example/x", "not there")
            .with_hint("look elsewhere");
        let claim = types::Failure {
            kind: types::FailureKind::Unavailable,
            message: "not there".to_owned(),
            subject: "https://a.example/x".to_owned(),
            attempts: 99,
            attributes: Vec::new(),
        };
        let read = read(types::SourceError::Failed(claim), "a", std::slice::from_ref(&host));
        assert_eq!(read, SourceError::Failed(host));
    }

    #[test]
    fn a_failure_that_no_host_call_had_is_the_component_s_own() {
        let claim = types::Failure {
            kind: types::FailureKind::RateLimited,
            message: "try again".to_owned(),
            subject: "https://a.example/\n::x".to_owned(),
            attempts: 0,
            attributes: Vec::new(),
        };
        let SourceError::Failed(read) = read(types::SourceError::Failed(claim), "a", &[]) else { panic!() };
        assert_eq!(read.kind, FailureKind::Internal);
        insta::assert_snapshot!(
            read,
            @r"component `a` reports a failed request that it did not make, of `https://a.example/\n::x`: try again"
        );
    }
}
