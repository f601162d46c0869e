//! An image of the lock in a store: which of its names are there, and whether they are what the lock says. Gives no name.

use bakery_dev::lock::LockedImage;

use crate::{command::Failed, wiring::OpenStore};

/// An image and the names that it is to have.
pub(super) struct Wanted<'a> {
    /// The image's name.
    pub(super) image: &'a str,
    /// Its names in a store.
    pub(super) references: Vec<String>,
    locked: &'a LockedImage,
}

/// What a store has of them.
pub(super) struct Present {
    /// The id, and a name that has it.
    pub(super) found: Option<(String, String)>,
    /// Names without an image.
    pub(super) missing: Vec<String>,
}

impl<'a> Wanted<'a> {
    /// What the lock says.
    pub(super) fn new(image: &'a str, locked: &'a LockedImage) -> Self {
        Self { image, references: locked.references(), locked }
    }

    /// Looks every name up.
    ///
    /// # Errors
    /// A name has an image of other inputs, or two names have two images: neither is what the tag says.
    pub(super) async fn present(&self, store: &OpenStore<'_>) -> Result<Present, Failed> {
        let mut present = Present { found: None, missing: Vec::new() };
        for reference in &self.references {
            let Some(there) = store.look(reference).await? else {
                present.missing.push(reference.clone());
                continue;
            };
            if there.key().as_ref() != Some(&self.locked.key) {
                return Err(self.taken(store, reference, "an image that was built from something else"));
            }
            match &present.found {
                Some((id, _)) if *id != there.id => {
                    return Err(self.taken(store, reference, "another image than under its other names"));
                }
                _ => present.found = Some((there.id, reference.clone())),
            }
        }
        Ok(present)
    }

    fn taken(&self, store: &OpenStore<'_>, reference: &str, what: &str) -> Failed {
        let force = format!("`bakery dev build {} --force` builds it and takes the name", self.image);
        let hint = if self.locked.tag_has_key() {
            force
        } else {
            format!("`bakery dev build {} --policy content` gives it a tag of its own; {force}", self.image)
        };
        Failed::because(format!("{} has {what} as `{reference}`", store.name())).hint(hint)
    }
}
