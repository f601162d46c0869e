//! What a step may do in registries: repositories it may read, and where and under which tags it may write.
//! Deny by default. Does not know what a step is.

use std::collections::{BTreeMap, BTreeSet};

use super::Denial;
use crate::model::{Repository, Tag};

/// Everything one call of a step may read and write. Empty means no registry at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistryGrants {
    pull: BTreeSet<Repository>,
    push: BTreeMap<Repository, BTreeSet<Tag>>,
}

impl RegistryGrants {
    /// The same, and reading this repository.
    #[must_use]
    pub fn pull(mut self, repository: Repository) -> Self {
        self.pull.insert(repository);
        self
    }

    /// The same, and reading and writing this repository: by digest, and under these tags.
    #[must_use]
    pub fn push(mut self, repository: Repository, tags: impl IntoIterator<Item = Tag>) -> Self {
        self.push.entry(repository).or_default().extend(tags);
        self
    }

    /// Every repository that may be read, each once.
    pub fn readable(&self) -> impl Iterator<Item = &Repository> {
        self.pull.iter().chain(self.push.keys().filter(|repository| !self.pull.contains(*repository)))
    }

    /// Whether a repository may be read.
    ///
    /// # Errors
    /// What is missing.
    pub fn check_pull(&self, repository: &Repository) -> Result<(), Denial> {
        if self.pull.contains(repository) || self.push.contains_key(repository) {
            return Ok(());
        }
        Err(denial(repository.to_string(), "read"))
    }

    /// Whether a repository may be written by digest, and under each of these tags.
    ///
    /// # Errors
    /// What is missing.
    pub fn check_push(&self, repository: &Repository, tags: &[Tag]) -> Result<(), Denial> {
        let Some(granted) = self.push.get(repository) else {
            return Err(denial(repository.to_string(), "write"));
        };
        match tags.iter().find(|tag| !granted.contains(tag)) {
            None => Ok(()),
            Some(tag) => Err(denial(format!("{repository}:{}", tag.as_str()), "write")),
        }
    }
}

fn denial(subject: String, verb: &str) -> Denial {
    let hint = format!(
        "a step may {verb} only what the plan of its target names: its sources, its temporary repository, its destinations"
    );
    Denial { subject, hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_written_may_be_read_and_is_listed_once() {
        let (a, b): (Repository, Repository) =
            ("r.example/a".parse().unwrap(), "r.example/b".parse().unwrap());
        let grants = RegistryGrants::default().pull(a.clone()).push(a.clone(), []).push(b.clone(), []);
        assert_eq!(grants.readable().collect::<Vec<_>>(), [&a, &b]);
        assert!(grants.readable().all(|one| grants.check_pull(one).is_ok()));
    }
}
