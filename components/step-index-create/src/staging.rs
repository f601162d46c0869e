//! The temporary repository, for steps that read the index there: sources first, then the index under its tag.

use bakery_sdk::{
    Failure, Registry,
    failure::{self, invalid},
    reference::Reference,
    step::Task,
};

/// Where the index is kept before it is published.
pub(crate) struct Place<'a> {
    /// As the task has it.
    pub(crate) reference: &'a str,
    repository: &'a str,
    tag: &'a str,
}

impl<'a> Place<'a> {
    /// Reads a staging reference.
    ///
    /// # Errors
    /// It is not a repository and a tag.
    pub(crate) fn of(reference: &'a str) -> Result<Self, Failure> {
        match Reference::of(reference) {
            Reference { repository, tag: Some(tag), digest: None } => Ok(Self { reference, repository, tag }),
            _ => Err(invalid(
                reference,
                format!("the staging reference `{reference}` is not `registry/repository:tag`"),
            )),
        }
    }

    /// Brings sources that lie elsewhere here, and puts the index under the tag.
    ///
    /// # Errors
    /// The host's failure; then the tag is untouched.
    pub(crate) fn fill(&self, registry: &impl Registry, task: &Task, index: &str) -> Result<(), Failure> {
        let elsewhere = |reference: &&String| Reference::of(reference).repository != self.repository;
        let references = task.sources.iter().map(|source| &source.reference);
        let elsewhere: Vec<String> = references.filter(elsewhere).cloned().collect();
        if !elsewhere.is_empty() {
            failure::all(registry.copy(&elsewhere, self.repository), |failed, total| {
                format!("{failed} of {total} sources cannot be copied to `{}`", self.repository)
            })?;
        }
        registry.push(self.repository, index, &[self.tag.to_owned()]).map(drop)
    }
}
