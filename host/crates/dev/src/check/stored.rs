//! Whether stores and registries have what the lock says, under every name of an image.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Code, Finding, found,
    mend::{build_line, force_line},
};
use crate::lock::{Lock, State};

/// What a store holds under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its name: `docker`, `buildah`, a registry's.
    pub store: String,
    /// What it is.
    pub holder: Holder,
    /// The image's name in `bakery.yaml`.
    pub image: String,
    /// The name in the store.
    pub reference: String,
    /// What is there; none for nothing.
    pub content: Option<Content>,
}

/// Who has images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A store of this machine, which builds go to.
    Machine,
    /// A registry, which nothing of ours needs to be in.
    Registry,
}

/// An image of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Its id.
    pub id: String,
    /// The key in its label.
    pub key: Option<String>,
}

/// Images whose names are those of several: a forced build was stopped between two of them.
pub(super) fn divided(stored: &[Stored]) -> BTreeSet<&str> {
    let mut ids: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for one in stored.iter().filter(|one| one.holder == Holder::Machine) {
        if let Some(content) = &one.content {
            ids.entry(&one.image).or_default().insert(&content.id);
        }
    }
    ids.into_iter().filter(|(_, ids)| ids.len() > 1).map(|(image, _)| image).collect()
}

/// Where the lock has an id, each name is compared with it; where a build was interrupted, that is the finding.
pub(super) fn divided_finding(lock: &Lock, image: &str) -> Option<Finding> {
    let locked = lock.images.get(image)?;
    if locked.image_id.is_some() || locked.state == State::Building {
        return None;
    }
    let message = format!("the names of `{image}` as `{}` are those of several images", locked.tag);
    Some(found(Code::OtherImage, message, &force_line(image)))
}

/// Images of the lock that nobody has who was asked: nothing disagrees, but a deployment would find nothing. Empty where
/// no store was asked.
pub(super) fn unbuilt<'l>(lock: &'l Lock, stored: &[Stored]) -> Vec<&'l str> {
    let nobody = |name: &str| {
        let mut mine = stored.iter().filter(|one| one.image == name).peekable();
        mine.peek().is_some() && mine.all(|one| one.content.is_none())
    };
    let planned = lock.images.iter().filter(|(_, image)| image.state == State::Planned);
    planned.map(|(name, _)| name.as_str()).filter(|name| nobody(name)).collect()
}

/// What one store has under one name.
pub(super) fn finding(lock: &Lock, stored: &Stored) -> Option<Finding> {
    let locked = lock.images.get(&stored.image)?;
    let Stored { store, reference, content, .. } = stored;
    let local = stored.holder == Holder::Machine;
    let mend = match stored.holder {
        Holder::Machine => force_line(&stored.image),
        Holder::Registry if locked.tag_has_key() => {
            format!("remove `{reference}` from the registry")
        }
        Holder::Registry => "bakery dev tag --lock --policy content".to_owned(),
    };
    match content {
        None if local && locked.state == State::Built => {
            let message = format!("{store} has no `{reference}`, which the lock says was built");
            Some(found(Code::NotStored, message, &build_line(&stored.image)))
        }
        None => None,
        Some(content) if content.key.as_deref() != Some(locked.key.as_str()) => {
            let whose = match &content.key {
                Some(key) => format!("whose inputs are {key}, not {}", locked.key),
                None => "which says nothing of its inputs".to_owned(),
            };
            let message = format!("{store} has another image as `{reference}`, {whose}");
            Some(found(Code::OtherImage, message, &mend))
        }
        Some(content) => match &locked.image_id {
            Some(id) if local && *id != content.id => {
                let message = format!("{store} has `{}` as `{reference}`, not `{id}`", content.id);
                Some(found(Code::OtherImage, message, &mend))
            }
            _ => None,
        },
    }
}
