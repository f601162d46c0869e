//! Registries as a step's logic sees them: the functions of the interface, behind which the host or a test stands.
//! Must not retry, wait or remember: the host does.

use crate::{
    Host,
    failure::failure,
    host::{
        registry::{self as wit},
        types::{Failure, FailureKind},
    },
};

pub use wit::{Copied, Descriptor, Manifest};

/// Whoever reaches registries. Lists are worked on concurrently; the answers keep their order. See `wit/registry.wit`.
pub trait Registry {
    /// What references point at now.
    fn resolve(&self, references: &[String]) -> Vec<Result<Descriptor, Failure>>;

    /// Waits until each reference can be read.
    fn await_readable(&self, references: &[String]) -> Vec<Result<Manifest, Failure>>;

    /// Waits until each reference, just written, points at `digest`.
    fn await_digest(&self, references: &[String], digest: &str) -> Vec<Result<Descriptor, Failure>>;

    /// Reads manifests.
    fn get_manifest(&self, references: &[String]) -> Vec<Result<Manifest, Failure>>;

    /// Takes a manifest into memory. Writes nothing.
    ///
    /// # Errors
    /// The host's failure.
    fn hold(&self, media_type: &str, bytes: &[u8]) -> Result<Descriptor, Failure>;

    /// Brings manifests and everything below them into a repository.
    fn copy(&self, sources: &[String], repository: &str) -> Vec<Result<Copied, Failure>>;

    /// Puts a manifest that is held or was read, under these tags or under its digest.
    ///
    /// # Errors
    /// The host's failure.
    fn push(&self, repository: &str, digest: &str, tags: &[String]) -> Result<Descriptor, Failure>;
}

impl Registry for Host {
    fn resolve(&self, references: &[String]) -> Vec<Result<Descriptor, Failure>> {
        one_each(wit::resolve(references), references)
    }

    fn await_readable(&self, references: &[String]) -> Vec<Result<Manifest, Failure>> {
        one_each(wit::await_readable(references), references)
    }

    fn await_digest(&self, references: &[String], digest: &str) -> Vec<Result<Descriptor, Failure>> {
        one_each(wit::await_digest(references, digest), references)
    }

    fn get_manifest(&self, references: &[String]) -> Vec<Result<Manifest, Failure>> {
        one_each(wit::get_manifest(references), references)
    }

    fn hold(&self, media_type: &str, bytes: &[u8]) -> Result<Descriptor, Failure> {
        wit::hold(media_type, bytes)
    }

    fn copy(&self, sources: &[String], repository: &str) -> Vec<Result<Copied, Failure>> {
        one_each(wit::copy(sources, repository), sources)
    }

    fn push(&self, repository: &str, digest: &str, tags: &[String]) -> Result<Descriptor, Failure> {
        wit::push(repository, digest, tags)
    }
}

/// The contract says one answer per question; a question without one must not be taken for answered.
fn one_each<T>(mut answers: Vec<Result<T, Failure>>, asked: &[String]) -> Vec<Result<T, Failure>> {
    answers.truncate(asked.len());
    for subject in &asked[answers.len()..] {
        let message = "the host gave fewer answers than there were questions";
        answers.push(Err(failure(FailureKind::Internal, subject, message)));
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_without_an_answer_is_a_failure() {
        let asked = ["a".to_owned(), "b".to_owned()];
        let answers = one_each(vec![Ok(1)], &asked);
        assert_eq!(answers[0], Ok(1));
        assert_eq!(answers[1].as_ref().unwrap_err().subject, "b");
        assert_eq!(one_each(vec![Ok(1), Ok(2), Ok(3)], &asked), [Ok(1), Ok(2)]);
    }
}
