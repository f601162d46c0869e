//! What will be published, target by target: sources, destinations, annotations. Plain data, no order of work.

use super::SociOptions;
use crate::{
    model::{ParseReferenceError, Reference, Repository, Tag},
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
    /// How far its targets go.
    pub goal: Goal,
}

/// How far the targets of a run go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Goal {
    /// Into their repositories, under their tags.
    #[default]
    Publish,
    /// Into the temporary registry, converted; no repository and no tag of a destination is touched.
    Convert,
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
    /// How its image is converted before it goes anywhere; such a target is always staged.
    pub soci: Option<SociOptions>,
    /// Where it goes, in the order of its references as text; at least one, each with a tag. None where the goal is
    /// to convert.
    pub destinations: Vec<TargetDestination>,
    /// Annotations of the index, in their order. The same metadata give the same ones.
    pub annotations: Vec<(String, String)>,
}

/// The tags of one target in one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetDestination {
    /// Repository.
    pub repository: Repository,
    /// Tags that contain the whole version, sorted: no other version gets them.
    pub immutable: Vec<Tag>,
    /// Tags that move from version to version, sorted: `latest`, channel names, shortened versions.
    pub floating: Vec<Tag>,
}

impl PublishPlan {
    /// Whether every index must be in its repositories by digest before any tag moves. With a single index in a single
    /// repository its first tag puts it there, where it has one.
    #[must_use]
    pub fn needs_root(&self) -> bool {
        let destinations = || self.targets.iter().flat_map(|target| &target.destinations);
        let untagged = |destination: &TargetDestination| destination.tags().next().is_none();
        self.targets.len() > 1 || destinations().count() > 1 || destinations().any(untagged)
    }
}

impl TargetDestination {
    /// All its tags, immutable ones first.
    pub fn tags(&self) -> impl Iterator<Item = &Tag> {
        self.immutable.iter().chain(&self.floating)
    }
}

impl PublishTarget {
    /// Where the converted image is kept before it is published: the temporary index's name and `-soci`.
    ///
    /// # Errors
    /// Such a tag would be too long.
    pub fn temp_soci(&self) -> Result<Reference, ParseReferenceError> {
        let tag = self.temp_index.tag().map_or("latest", Tag::as_str);
        let tag = format!("{tag}-soci").parse()?;
        Ok(Reference::by_tag(self.temp_index.repository().clone(), tag))
    }

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
