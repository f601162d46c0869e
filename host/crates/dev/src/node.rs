//! What a node of a cluster holds: questions to its containerd, what the answers mean, and whether that is the image
//! that it was to be given. Starts nothing.

use std::collections::BTreeMap;

use bakery_core::model::{Descriptor, Digest, Manifest, Platform};

use crate::{
    key::Key,
    manifest::{Entry, entry, labels},
    store::{Image, KEY, StoreError},
};

/// Bytes of an answer.
pub const MAX_ANSWER: usize = 4 << 20;
/// The namespace of containerd that kubelets look into.
const NAMESPACE: &str = "k8s.io";

/// What a name points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Media type of the content.
    pub media_type: String,
    /// Digest of the content.
    pub digest: Digest,
}

/// An image of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Digest of its configuration.
    pub config: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Blobs that the node lacks.
    pub missing: usize,
}

/// What every node is to have under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The key in its label.
    pub key: Key,
    /// All its labels, where they are known.
    pub labels: Option<BTreeMap<String, String>>,
    /// Digest of its configuration, where it is known.
    pub config: Option<String>,
}

/// Why a node has not what it was to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// It has nothing under that name.
    Absent,
    /// So many blobs are missing.
    Incomplete(usize),
    /// It has another image; how that is seen, to follow "another image".
    Other(String),
}

impl Lack {
    /// In words.
    #[must_use]
    pub fn sentence(&self, node: &str, reference: &str) -> String {
        match self {
            Self::Absent => format!("node `{node}` has no `{reference}`"),
            Self::Incomplete(blobs) => format!("node `{node}` lacks {blobs} of the blobs of `{reference}`"),
            Self::Other(how) => format!("node `{node}` has another image as `{reference}`, {how}"),
        }
    }
}

/// Asks what names point at.
#[must_use]
pub fn images(node: &str, names: &[String]) -> Vec<String> {
    let mut words = ctr(node, &["images", "ls"]);
    words.extend(names.iter().map(|name| format!("name==\"{name}\"")));
    words
}

/// What it says to that.
///
/// # Errors
/// It is something else.
pub fn read_images(answer: &[u8]) -> Result<BTreeMap<String, Target>, StoreError> {
    let mut all = BTreeMap::new();
    for row in rows(answer, "REF")? {
        let mut columns = row.split_whitespace();
        let (Some(name), Some(media_type), Some(digest)) = (columns.next(), columns.next(), columns.next())
        else {
            return Err(wrong(format!("`{}` is no image", row.escape_debug())));
        };
        let digest = digest.parse().map_err(wrong)?;
        all.insert(name.to_owned(), Target { media_type: media_type.to_owned(), digest });
    }
    Ok(all)
}

/// Asks for bytes by their digest.
#[must_use]
pub fn content(node: &str, digest: &Digest) -> Vec<String> {
    ctr(node, &["content", "get", digest.as_str()])
}

/// Reads a manifest or an index, which must have its digest.
///
/// # Errors
/// It is something else.
pub fn read_manifest(target: &Target, bytes: Vec<u8>) -> Result<Manifest, StoreError> {
    let manifest = Manifest::parse(bytes, Some(&target.media_type)).map_err(wrong)?;
    if *manifest.digest() == target.digest {
        Ok(manifest)
    } else {
        Err(wrong(format!("what it gives as `{}` has another digest", target.digest)))
    }
}

/// The entry of an index that runs on a platform; none for an image.
///
/// # Errors
/// There is none.
pub fn of_platform(index: &Manifest, platform: Platform) -> Result<Option<&Descriptor>, StoreError> {
    match entry(index, platform) {
        Entry::Itself => Ok(None),
        Entry::Of(entry) => Ok(Some(entry)),
        Entry::Nothing => Err(wrong(format!("the index `{}` has no {platform}", index.digest()))),
    }
}

/// The labels in a configuration, which must have its digest.
///
/// # Errors
/// It is something else.
pub fn read_labels(config: &Digest, bytes: &[u8]) -> Result<BTreeMap<String, String>, StoreError> {
    if Digest::of(bytes) != *config {
        return Err(wrong(format!("what it gives as `{config}` has another digest")));
    }
    labels(bytes).map_err(wrong)
}

/// Asks which of these blobs are there.
#[must_use]
pub fn blobs(node: &str, digests: &[&Digest]) -> Vec<String> {
    let mut words = ctr(node, &["content", "ls"]);
    words.extend(digests.iter().map(|digest| format!("digest==\"{digest}\"")));
    words
}

/// How many of them are not.
///
/// # Errors
/// The answer is something else.
pub fn read_missing(answer: &[u8], digests: &[&Digest]) -> Result<usize, StoreError> {
    let there: Vec<&str> = rows(answer, "DIGEST")?.filter_map(|row| row.split_whitespace().next()).collect();
    Ok(digests.iter().filter(|digest| !there.contains(&digest.as_str())).count())
}

impl Expected {
    /// What a store has: every label, and the configuration where the store names it.
    #[must_use]
    pub fn of(image: &Image, key: &Key) -> Self {
        Self { key: key.clone(), labels: Some(image.labels.clone()), config: image.config.clone() }
    }

    /// What a node lacks of it; nothing where it has it.
    #[must_use]
    pub fn lack(&self, held: Option<&Held>) -> Option<Lack> {
        let Some(held) = held else { return Some(Lack::Absent) };
        self.difference(held)
            .map(Lack::Other)
            .or_else(|| (held.missing > 0).then_some(Lack::Incomplete(held.missing)))
    }

    fn difference(&self, held: &Held) -> Option<String> {
        match held.labels.get(KEY) {
            Some(key) if *key == self.key.as_str() => {}
            Some(key) => return Some(format!("whose inputs are {}, not {}", key.escape_debug(), self.key)),
            None => return Some("which says nothing of its inputs".to_owned()),
        }
        if let Some(label) = self.labels.as_ref().and_then(|labels| other_label(labels, &held.labels)) {
            return Some(format!(
                "of the same inputs, built at another time: its label `{label}` is another"
            ));
        }
        match &self.config {
            Some(config) if *config != held.config => {
                Some(format!("of the same inputs: `{}`, not `{config}`", held.config))
            }
            _ => None,
        }
    }
}

/// The first label that two images do not have in common.
fn other_label<'a>(one: &'a BTreeMap<String, String>, two: &'a BTreeMap<String, String>) -> Option<&'a str> {
    one.keys().chain(two.keys()).find(|name| one.get(*name) != two.get(*name)).map(String::as_str)
}

/// A command of a node, in the words of docker.
fn ctr(node: &str, words: &[&str]) -> Vec<String> {
    let all = ["exec", node, "ctr", "--namespace", NAMESPACE].into_iter().chain(words.iter().copied());
    all.map(str::to_owned).collect()
}

/// The rows of a table, which begins with its heading.
fn rows<'a>(answer: &'a [u8], first: &str) -> Result<impl Iterator<Item = &'a str>, StoreError> {
    let text = std::str::from_utf8(answer).map_err(wrong)?;
    let mut lines = text.lines();
    let heading = lines.next().and_then(|line| line.split_whitespace().next());
    if heading != Some(first) {
        return Err(wrong(format!("there is no table that begins with {first}")));
    }
    Ok(lines.filter(|line| !line.trim().is_empty()))
}

fn wrong(what: impl ToString) -> StoreError {
    StoreError { store: "ctr", what: what.to_string() }
}

#[cfg(test)]
mod tests;
