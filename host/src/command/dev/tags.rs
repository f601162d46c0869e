//! The tags of the project's images for the tree as it is.

use std::sync::Arc;

use bakery_core::model::Tag;
use bakery_dev::{
    base::Bases,
    key::{Key, Parts},
    lock::{Lock, LockedImage, State},
    tag::{self, CommitId, Policy, Provenance},
};

use super::{
    bases::{self, Digests},
    commit::Commit,
    inputs::Tree,
    pick::{self, Picked},
    place::Place,
    stamps::Stamps,
    upstreams,
};
use crate::{
    cli::{DevTargets, Load},
    command::{Failed, project::Project},
    report::Talker,
};

/// The project, where it is, and what its images are now.
pub(super) struct Tags {
    /// Where the project is.
    pub(super) place: Place,
    /// How the tags were made.
    pub(super) policy: Policy,
    /// The commit.
    pub(super) commit: Option<CommitId>,
    /// The images, in the order of the file.
    pub(super) images: Vec<Tagged>,
}

/// An image and what it is now.
pub(super) struct Tagged {
    /// What is built.
    pub(super) picked: Picked,
    /// Its tag.
    pub(super) tag: Tag,
    /// The key of its inputs.
    pub(super) key: Key,
    /// What the key is made of.
    pub(super) parts: Parts,
    /// What it is built on.
    pub(super) bases: Bases,
    /// The digests of that, as far as somebody says them.
    pub(super) digests: Digests,
    /// Whether its inputs are the commit's.
    pub(super) clean: bool,
    /// Why they are not, in words.
    pub(super) why: Option<String>,
    /// What shows later that its inputs were touched.
    pub(super) stamps: Stamps,
}

impl Tags {
    /// Reads the tree. Images that it is built on have the digests of the lock, where there is one.
    pub(super) fn read(
        targets: &DevTargets,
        policy: Policy,
        place: Place,
        lock: Option<&Lock>,
        project: &Project,
        talker: &Arc<Talker>,
    ) -> Result<Self, Failed> {
        let commit = match policy {
            Policy::Commit => place.commit(talker)?,
            Policy::Content => place.git.head().ok().and_then(|id| id.parse().ok()),
        };
        let picked = pick::picked(&project.config, targets, |questions| {
            upstreams::answers(questions, targets, project, talker)
        })?;
        if picked.is_empty() {
            return Err(Failed::because("no image is selected")
                .hint("development versions have no development image"));
        }
        let mut cache = place.cache();
        let mut images = Vec::with_capacity(picked.len());
        let mut reads = Vec::with_capacity(picked.len());
        {
            let mut tree = Tree::new(&project.folder, &mut cache);
            for picked in &picked {
                reads.push(tree.read(picked)?);
            }
        }
        let built_on: Vec<_> =
            picked.iter().zip(&reads).map(|(picked, read)| (picked.image.as_str(), &read.bases)).collect();
        let digests = bases::digests(&built_on, lock, targets, &project.folder, talker)?;
        let mut committed = match (&commit, policy) {
            (Some(commit), Policy::Commit) => Some(Commit::read(&place.git, commit.as_str(), &mut cache)),
            _ => None,
        };
        for ((picked, read), digests) in picked.into_iter().zip(reads).zip(digests) {
            let mine = read.parts(&picked, &digests);
            let why = match &mut committed {
                None => None,
                Some(Err(why)) => Some(why.clone()),
                Some(Ok(commit)) => match commit.parts(&picked.image, &digests) {
                    Err(why) => Some(why),
                    Ok((parts, _)) if parts == mine => None,
                    Ok((parts, theirs)) => Some(match read.context.first_difference(theirs) {
                        Some(difference) => difference.to_string(),
                        None => {
                            format!("{} differ from the commit's", mine.changed(&parts).join(" and "))
                        }
                    }),
                },
            };
            let clean = committed.is_some() && why.is_none();
            let provenance = match &commit {
                None => Provenance::NoCommit,
                Some(commit) if clean => Provenance::Commit(commit.clone()),
                Some(commit) => Provenance::Changed(commit.clone()),
            };
            let key = mine.key();
            let tag = tag::tag(policy, &provenance, &key);
            let (bases, stamps) = (read.bases, read.stamps);
            images.push(Tagged { picked, tag, key, parts: mine, bases, digests, clean, why, stamps });
        }
        drop(committed);
        place.keep(&mut cache);
        Ok(Self { place, policy, commit, images })
    }

    /// A lock with these tags.
    pub(super) fn lock(&self) -> Lock {
        let images = self.images.iter().map(|image| (image.picked.image.clone(), image.locked())).collect();
        Lock {
            generation: 1,
            worktree: self.place.worktree_name(),
            project: self.place.prefix.clone(),
            policy: self.policy.to_string(),
            commit: self.commit.as_ref().map(ToString::to_string),
            written: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            images,
            manifests: Vec::new(),
            rewriting: Vec::new(),
        }
    }
}

impl Tagged {
    fn locked(&self) -> LockedImage {
        LockedImage {
            repositories: self.picked.repositories.iter().map(ToString::to_string).collect(),
            tag: self.tag.to_string(),
            target: self.picked.target.uid.clone(),
            key: self.key.clone(),
            parts: self.parts.clone(),
            bases: self.digests.iter().map(|(name, digest)| (name.clone(), digest.to_string())).collect(),
            platforms: self.picked.platforms.iter().map(ToString::to_string).collect(),
            state: State::Planned,
            image_id: None,
            store: None,
            clusters: std::collections::BTreeMap::new(),
        }
    }
}

/// The project and where it is.
pub(super) fn open(
    named: &crate::cli::ProjectArgs,
    talker: &Arc<Talker>,
) -> Result<(Project, Place), Failed> {
    let project = Project::load(&Load::new(named)?, talker)?;
    let place = Place::find(&project.folder, talker)?;
    Ok((project, place))
}
