//! Image stores of a machine in their own words: which arguments ask for what, and what the answers mean. Starts nothing.

mod buildah;
mod docker;

use std::collections::BTreeMap;

use bakery_core::model::Reference;

pub use self::{buildah::Buildah, docker::Docker};
use crate::key::Key;

/// The label with all digits of the key.
pub const KEY: &str = "bakery.dev.key";
/// The label with the names that an image was built for, separated by commas.
pub const NAMES: &str = "bakery.dev.names";
/// The label with the repository of git that it was built from.
pub const REPOSITORY: &str = "bakery.dev.repository";
/// The repository of names that images have until they are known to be what they were meant to be.
pub const TEMPORARY: &str = "localhost/bakery-dev-build";

/// Bytes of an answer.
pub const MAX_ANSWER: usize = 16 << 20;

/// An image of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its id, with the algorithm: `sha256:…`.
    pub id: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Digest of its configuration, where the store names it.
    pub config: Option<String>,
}

impl Image {
    /// The key in its label, where that is one.
    #[must_use]
    pub fn key(&self) -> Option<Key> {
        self.labels.get(KEY)?.parse().ok()
    }

    /// Whether a name is one that it was built for. A label is inherited by whatever is built from an image; a name is
    /// not.
    #[must_use]
    pub fn was_built_for(&self, name: &Reference) -> bool {
        let names = self.labels.get(NAMES).map_or("", String::as_str);
        names.split(',').any(|one| one.parse::<Reference>().is_ok_and(|one| one == *name))
    }
}

/// An image in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// Names with tags.
    pub names: Vec<String>,
}

/// One archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Has the store write it.
    pub words: Vec<String>,
    /// Its file.
    pub file: String,
}

/// A store said something that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{store} gave an answer that cannot be read: {what}")]
pub struct StoreError {
    /// The store.
    pub store: &'static str,
    /// What is wrong with it.
    pub what: String,
}

/// A store, in its own words.
pub trait Store: Send + Sync {
    /// Its program.
    fn program(&self) -> &'static str;

    /// Asks whether it can be used at all; none where its program is enough.
    fn probe(&self) -> Option<Vec<String>>;

    /// Asks whether one name can hold images for several platforms; none where it never can.
    fn several(&self) -> Option<Vec<String>>;

    /// What it says to that.
    fn read_several(&self, answer: &[u8]) -> bool;

    /// Asks for one image, by name or id.
    fn look(&self, image: &str) -> Vec<String>;

    /// What it says to that.
    ///
    /// # Errors
    /// It is something else.
    fn read_image(&self, answer: &[u8]) -> Result<Image, StoreError>;

    /// Whether a failed look means that there is no such image.
    fn says_absent(&self, message: &str) -> bool;

    /// Whether a failed build means that it cannot be told which base images to take.
    fn says_unpinnable(&self, message: &str) -> bool;

    /// Asks for all images with this label and value.
    fn list(&self, label: &str, value: &str) -> Vec<String>;

    /// What it says to that.
    ///
    /// # Errors
    /// It is something else.
    fn read_list(&self, answer: &[u8]) -> Result<Vec<Listed>, StoreError>;

    /// Gives an image one more name, which is taken from whatever had it.
    fn tag(&self, image: &str, name: &str) -> Vec<String>;

    /// Takes a name away, and the image with its last one.
    fn remove(&self, name: &str) -> Vec<String>;

    /// Writes an image with these names into archives of docker's form below a folder.
    fn export(&self, names: &[String], folder: &str) -> Vec<Export>;
}

pub(crate) fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

fn wrong(store: &'static str, what: impl ToString) -> StoreError {
    StoreError { store, what: what.to_string() }
}

/// Ids without their algorithm are SHA-256.
fn full_id(store: &'static str, id: &str) -> Result<String, StoreError> {
    let hex = id.strip_prefix("sha256:").unwrap_or(id);
    if hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(format!("sha256:{hex}"))
    } else {
        Err(wrong(store, format!("`{}` is no image id", id.escape_debug())))
    }
}

#[cfg(test)]
mod tests;
