//! The lock of a worktree: which tag each image has, and what was about to be done with it. Pure: whoever writes files
//! puts its bytes there in one step.
//!
//! Intent comes before effect: an image is `building` before a build starts, and manifests are `rewriting` before the
//! first byte of them changes. Whoever finds such a word later knows that somebody was stopped there.

use std::collections::BTreeMap;

use bakery_core::model::{Digest, Tag};
use serde::{Deserialize, Serialize};

use crate::{
    cluster::Cluster,
    import::Import,
    key::{Key, Parts},
    tag::Policy,
};

/// The form of the file.
pub const SCHEMA: u64 = 1;

/// Bytes that a lock may have.
pub const MAX_BYTES: u64 = 16 << 20;

/// What is fixed for a worktree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Lock {
    /// Grows by one with each change.
    pub generation: u64,
    /// The worktree's folder, absolute: a copy of the file elsewhere is recognised.
    pub worktree: String,
    /// The project's folder in it, empty for the worktree itself.
    pub project: String,
    /// The policy of the tags: `commit` or `content`.
    pub policy: String,
    /// The commit at that time, all digits.
    pub commit: Option<String>,
    /// When it was written, RFC 3339. Says nothing about what is in it.
    pub written: String,
    /// By the image's name.
    pub images: BTreeMap<String, LockedImage>,
    /// Manifests that name these tags, relative to the worktree where they lie in it.
    #[serde(default)]
    pub manifests: Vec<String>,
    /// Manifests that are being rewritten.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rewriting: Vec<String>,
}

/// One image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedImage {
    /// Where it goes: `ghcr.io/posit-dev/connect`.
    pub repositories: Vec<String>,
    /// Its tag.
    pub tag: String,
    /// The target that is built: its UID.
    pub target: String,
    /// All digits of the key.
    pub key: Key,
    /// What the key is made of, to say later what changed.
    pub parts: Parts,
    /// Digests of the images that it is built on, by their names with registry and tag.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bases: BTreeMap<String, String>,
    /// Platforms that are built.
    pub platforms: Vec<String>,
    /// How far it is.
    pub state: State,
    /// The id of what was built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_id: Option<String>,
    /// The image store that has it, or that it is built into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// The clusters that it is for, and how far it got there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub clusters: BTreeMap<Cluster, Import>,
}

impl LockedImage {
    /// Its names in a store: each repository with the tag.
    #[must_use]
    pub fn references(&self) -> Vec<String> {
        self.repositories.iter().map(|repository| format!("{repository}:{}", self.tag)).collect()
    }

    /// Whether the tag has digits of the key, so that it is nobody else's.
    #[must_use]
    pub fn tag_has_key(&self) -> bool {
        self.tag.ends_with(self.key.short(16))
    }
}

/// How far an image is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It has a tag; nothing was built for it yet.
    Planned,
    /// A build began.
    Building,
    /// What the tag names was built, or was there with the same key.
    Built,
}

/// Why what lies there is no lock.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// Torn, cut or changed by hand.
    #[error("the lock is damaged: {0}")]
    Damaged(String),
    /// Written by a newer program.
    #[error("the lock has the form {0}, this program knows {SCHEMA}")]
    Newer(u64),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    schema: u64,
    checksum: String,
    lock: Lock,
}

#[derive(Deserialize)]
struct Head {
    schema: u64,
}

impl Lock {
    /// The file's bytes.
    ///
    /// # Panics
    /// Never: the model has only texts as keys.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let whole = Whole { schema: SCHEMA, checksum: self.checksum(), lock: self.clone() };
        let mut bytes = serde_json::to_vec_pretty(&whole).expect("a lock has only texts as keys");
        bytes.push(b'\n');
        bytes
    }

    /// Reads a file's bytes.
    ///
    /// # Errors
    /// They are not what [`Lock::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LockError> {
        let damaged = |error: serde_json::Error| LockError::Damaged(error.to_string());
        let head: Head = serde_json::from_slice(bytes).map_err(damaged)?;
        if head.schema != SCHEMA {
            return Err(LockError::Newer(head.schema));
        }
        let whole: Whole = serde_json::from_slice(bytes).map_err(damaged)?;
        if whole.checksum != whole.lock.checksum() {
            return Err(LockError::Damaged("its checksum is another one".to_owned()));
        }
        for (name, image) in &whole.lock.images {
            if image.tag.parse::<Tag>().is_err() {
                return Err(LockError::Damaged(format!("the tag of `{name}` is none")));
            }
        }
        if whole.lock.policy.parse::<Policy>().is_err() {
            return Err(LockError::Damaged("its policy is none".to_owned()));
        }
        Ok(whole.lock)
    }

    /// The digests of images that an image is built on. What the lock says for another image counts where it says
    /// nothing for this one, so that all are built on the same.
    #[must_use]
    pub fn bases(&self, image: &str) -> BTreeMap<String, Digest> {
        let others = self.images.iter().filter(|(name, _)| *name != image).map(|(_, locked)| locked);
        others
            .chain(self.images.get(image))
            .flat_map(|locked| &locked.bases)
            .filter_map(|(name, digest)| Some((name.clone(), digest.parse().ok()?)))
            .collect()
    }

    /// The tag of an image.
    #[must_use]
    pub fn tag(&self, image: &str) -> Option<Tag> {
        self.images.get(image)?.tag.parse().ok()
    }

    /// Takes over from the lock before it: the generation, and what was built where the key and the tag are the same.
    #[must_use]
    pub fn after(mut self, before: Option<&Self>) -> Self {
        let Some(before) = before else { return self };
        self.generation = before.generation.saturating_add(1);
        for (name, image) in &mut self.images {
            let Some(old) = before.images.get(name) else { continue };
            if old.key == image.key && old.tag == image.tag {
                image.state = old.state;
                image.image_id.clone_from(&old.image_id);
                image.store.clone_from(&old.store);
                image.clusters.clone_from(&old.clusters);
            } else {
                image.is_wanted_in(&old.clusters);
            }
        }
        self.manifests.clone_from(&before.manifests);
        self.rewriting.clone_from(&before.rewriting);
        self
    }

    /// The same for a build: what the lock before it says stays, but for `names`, where their inputs or the policy
    /// changed.
    #[must_use]
    pub fn building(mut self, before: Option<&Self>, names: &[String]) -> Self {
        let Some(before) = before else { return self };
        let same_policy = before.policy == self.policy;
        for (name, old) in &before.images {
            let kept = match self.images.get(name) {
                Some(new) => !names.contains(name) || (same_policy && old.key == new.key),
                None => true,
            };
            if kept {
                self.images.insert(name.clone(), old.clone());
            } else if let Some(new) = self.images.get_mut(name) {
                new.is_wanted_in(&old.clusters);
            }
        }
        self.generation = before.generation.saturating_add(1);
        self.manifests.clone_from(&before.manifests);
        self.rewriting.clone_from(&before.rewriting);
        self
    }

    /// The same with an image that is as far as this.
    #[must_use]
    pub fn with_state(mut self, image: &str, state: State, built: Option<(&str, &str)>) -> Self {
        self.generation = self.generation.saturating_add(1);
        if let Some(image) = self.images.get_mut(image) {
            if state != State::Built || image.image_id.as_deref() != built.map(|(id, _)| id) {
                image.is_another();
            }
            image.state = state;
            image.image_id = built.map(|(id, _)| id.to_owned());
            image.store = built.map(|(_, store)| store.to_owned());
        }
        self
    }

    /// The same with an image whose build begins, in this store.
    #[must_use]
    pub fn begun(self, image: &str, store: &str) -> Self {
        let mut lock = self.with_state(image, State::Building, None);
        if let Some(image) = lock.images.get_mut(image) {
            image.store = Some(store.to_owned());
        }
        lock
    }

    /// The same with the intent to rewrite these manifests.
    #[must_use]
    pub fn intend(mut self, manifests: &[String]) -> Self {
        self.generation = self.generation.saturating_add(1);
        self.rewriting.extend_from_slice(manifests);
        self.rewriting.sort_unstable();
        self.rewriting.dedup();
        self
    }

    /// The same when these manifests are rewritten.
    #[must_use]
    pub fn rewritten(mut self, manifests: &[String]) -> Self {
        self.generation = self.generation.saturating_add(1);
        self.rewriting.retain(|path| !manifests.contains(path));
        self.manifests.extend_from_slice(manifests);
        self.manifests.sort_unstable();
        self.manifests.dedup();
        self
    }

    fn checksum(&self) -> String {
        let bytes = serde_json::to_vec(self).expect("a lock has only texts as keys");
        Digest::of(&bytes).to_string()
    }
}

#[cfg(test)]
pub(crate) mod tests;
