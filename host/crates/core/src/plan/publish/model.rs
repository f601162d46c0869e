//! What will be published, target by target: sources, destinations, annotations. Plain data, no order of work.

use crate::{
    model::{Reference, Repository, Tag},
    plan::Identity,
    port::{StepSource, registry::Access},
};

/// Everything one run publishes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PublishPlan {
    /// Targets, in push order; at least one.
    pub targets: Vec<PublishTarget>,
    /// Sentences for the user.
    pub warnings: Vec<String>,
}

/// One index and where it goes.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishTarget {
    /// The contract between building and publishing.
    pub uid: String,
    /// Its names.
    pub identity: Identity,
    /// One source per platform, newest first, as the merge rule orders them.
    pub sources: Vec<StepSource>,
    /// The metadata files that the sources come from, in the same order.
    pub files: Vec<String>,
    /// `<temp registry>/<image>/tmp:<uid><hash>`: the name that the predecessor gave to the index before publishing.
    pub temp_index: Reference,
    /// Whether the index is also put there, because a step reads it there.
    pub staged: bool,
    /// Where it goes, sorted by repository.
    pub destinations: Vec<TargetDestination>,
    /// Annotations of the index, in their order. The same metadata give the same ones.
    pub annotations: Vec<(String, String)>,
}

/// The tags of one target in one repository, sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetDestination {
    /// Repository.
    pub repository: Repository,
    /// Tags that name the whole version: no other version gets them.
    pub immutable: Vec<Tag>,
    /// Tags that move from version to version: `latest`, channel names, shortened versions.
    pub floating: Vec<Tag>,
}

impl PublishPlan {
    /// Whether every index must be in its repositories by digest before any tag moves: with a single index in a single
    /// repository its first tag puts it there.
    #[must_use]
    pub fn needs_root(&self) -> bool {
        match &self.targets[..] {
            [only] => only.destinations.len() > 1,
            targets => targets.len() > 1,
        }
    }
}

impl TargetDestination {
    /// All its tags, immutable ones first.
    pub fn tags(&self) -> impl Iterator<Item = &Tag> {
        self.immutable.iter().chain(&self.floating)
    }
}

impl PublishTarget {
    /// All that publishing it does in registries: reading its sources, writing its destinations.
    #[must_use]
    pub fn accesses(&self) -> Vec<Access> {
        let mut accesses: Vec<Access> =
            self.sources.iter().map(|source| Access::pull(source.reference.repository().clone())).collect();
        accesses.extend(self.destinations.iter().map(|one| Access::push(one.repository.clone())));
        if self.staged {
            accesses.push(Access::push(self.temp_index.repository().clone()));
        }
        accesses.sort();
        accesses.dedup();
        accesses
    }
}
