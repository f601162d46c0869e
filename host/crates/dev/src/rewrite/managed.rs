//! The images that a project manages: which repositories are theirs, and which tag they have now.

use std::collections::BTreeMap;

use bakery_core::model::{Reference, Repository, Tag};

/// What a repository stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagedImage {
    /// The image's name in `bakery.yaml`.
    pub image: String,
    /// The tag that references get; none where nothing builds the image.
    pub tag: Option<Tag>,
}

/// Repositories of the project's images. Repositories are compared, never texts: `posit/connect` and
/// `docker.io/posit/connect` are one, `mirror.example.com/ghcr.io/posit/connect` is another.
#[derive(Clone, Debug, Default)]
pub struct Managed(BTreeMap<Repository, ManagedImage>);

impl Managed {
    /// Adds a repository of an image.
    pub fn add(&mut self, repository: Repository, image: &str, tag: Option<Tag>) {
        self.0.insert(repository, ManagedImage { image: image.to_owned(), tag });
    }

    /// What a repository stands for.
    #[must_use]
    pub fn get(&self, repository: &Repository) -> Option<&ManagedImage> {
        self.0.get(repository)
    }

    /// Every repository, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Repository, &ManagedImage)> {
        self.0.iter()
    }

    /// A text that is a reference to one of them, as a whole.
    pub(super) fn reference(&self, text: &str) -> Option<(Reference, &ManagedImage)> {
        // No reference is longer: host and name have 255 bytes, a tag 128, a digest 71.
        if text.len() > 512 {
            return None;
        }
        let reference: Reference = text.parse().ok()?;
        let image = self.get(reference.repository())?;
        Some((reference, image))
    }

    /// Whether a text could name one of them at all: a quick look before a slow one.
    pub(super) fn may_be_in(&self, text: &str) -> bool {
        self.0.keys().any(|repository| {
            let name = repository.name();
            text.contains(name.strip_prefix("library/").unwrap_or(name))
        })
    }
}
