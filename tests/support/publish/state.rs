//! What a publish left in a registry: every tag, the index it leads to, the platforms of that, with every manifest and
//! blob below read and hashed. Reads alone.

use std::collections::BTreeMap;

use bakery_fault_registry::{FaultRegistry, invariants::TagName, sha256};
use bytes::Bytes;
use serde_json::Value;

use super::Built;

/// A registry whose content can be looked at past the program.
pub trait Shelf {
    /// Where the tags of a repository point.
    fn tags(&self, repository: &str) -> BTreeMap<String, String>;
    /// A manifest by its digest.
    fn manifest(&self, repository: &str, digest: &str) -> Option<Bytes>;
    /// A blob by its digest.
    fn blob(&self, repository: &str, digest: &str) -> Option<Bytes>;
}

impl Shelf for FaultRegistry {
    fn tags(&self, repository: &str) -> BTreeMap<String, String> {
        Self::tags(self, repository)
    }

    fn manifest(&self, repository: &str, digest: &str) -> Option<Bytes> {
        Self::manifest(self, repository, digest).map(|manifest| manifest.bytes)
    }

    fn blob(&self, repository: &str, digest: &str) -> Option<Bytes> {
        Self::blob(self, repository, digest)
    }
}

/// Every tag of some repositories. Two states are equal where tags, digests and platforms are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// By repository and tag.
    pub tags: BTreeMap<TagName, Tagged>,
}

/// What a tag leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagged {
    /// The digest of the index.
    pub index: String,
    /// Its children by platform, in the order of the index.
    pub platforms: Vec<(String, String)>,
}

/// Reads the state of these repositories.
///
/// # Errors
/// The first thing below a tag that is absent, of another size or of another digest than it should be.
pub fn state(shelf: &impl Shelf, repositories: &[String]) -> Result<State, String> {
    let mut all = State::default();
    for repository in repositories {
        for (tag, digest) in shelf.tags(repository) {
            let tagged =
                follow(shelf, repository, &digest).map_err(|error| format!("{repository}:{tag}: {error}"))?;
            all.tags.insert(TagName::new(repository, &tag), tagged);
        }
    }
    Ok(all)
}

impl State {
    /// What is not as the builds asked for: tags that are missing, too many, or lead to other sources. Each as a
    /// sentence.
    #[must_use]
    pub fn problems(&self, built: &Built) -> Vec<String> {
        let wanted = built.tags();
        let mut problems = Vec::new();
        for (name, target) in &wanted {
            let place = format!("{}:{}", name.repository, name.tag);
            match self.tags.get(name) {
                None => problems.push(format!("{place} is missing")),
                Some(found) if found.platforms != target.sources().into_iter().collect::<Vec<_>>() => {
                    problems
                        .push(format!("{place} leads to {:?} instead of {}", found.platforms, target.uid));
                }
                Some(_) => {}
            }
        }
        let extra = self.tags.keys().filter(|name| !wanted.contains_key(name));
        problems.extend(extra.map(|name| format!("{}:{} was not asked for", name.repository, name.tag)));
        problems
    }

    /// The digests that tags of this version lead to: one, if all is well.
    #[must_use]
    pub fn index(&self, repository: &str, tag: &str) -> Option<&str> {
        self.tags.get(&TagName::new(repository, tag)).map(|tagged| tagged.index.as_str())
    }
}

fn follow(shelf: &impl Shelf, repository: &str, digest: &str) -> Result<Tagged, String> {
    let index = document(shelf, repository, digest, None)?;
    let children = index["manifests"].as_array().ok_or_else(|| format!("`{digest}` is no index"))?;
    let mut platforms = Vec::new();
    for child in children {
        let (digest, size) = descriptor(child)?;
        let manifest = document(shelf, repository, digest, Some(size))?;
        let layers = manifest["layers"].as_array().into_iter().flatten();
        for blob in std::iter::once(&manifest["config"]).chain(layers) {
            let (digest, size) = descriptor(blob)?;
            let bytes = shelf.blob(repository, digest).ok_or_else(|| format!("blob `{digest}` is absent"))?;
            check(&bytes, digest, Some(size))?;
        }
        platforms.push((platform(&child["platform"]), digest.to_owned()));
    }
    Ok(Tagged { index: digest.to_owned(), platforms })
}

fn document(shelf: &impl Shelf, repository: &str, digest: &str, size: Option<u64>) -> Result<Value, String> {
    let bytes = shelf.manifest(repository, digest).ok_or_else(|| format!("manifest `{digest}` is absent"))?;
    check(&bytes, digest, size)?;
    serde_json::from_slice(&bytes).map_err(|error| format!("manifest `{digest}`: {error}"))
}

fn check(bytes: &[u8], digest: &str, size: Option<u64>) -> Result<(), String> {
    if size.is_some_and(|size| size != bytes.len() as u64) {
        return Err(format!("`{digest}` has {} bytes instead of {size:?}", bytes.len()));
    }
    let found = sha256(bytes);
    if found == digest { Ok(()) } else { Err(format!("`{digest}` holds the bytes of `{found}`")) }
}

fn descriptor(value: &Value) -> Result<(&str, u64), String> {
    value["digest"].as_str().zip(value["size"].as_u64()).ok_or_else(|| format!("{value} is no descriptor"))
}

fn platform(value: &Value) -> String {
    let word = |key: &str| value[key].as_str().map(str::to_owned);
    [word("os"), word("architecture"), word("variant")].into_iter().flatten().collect::<Vec<_>>().join("/")
}
