//! A finished image: its documents and blobs, with their digests.
//! It is content only; `FaultRegistry::seed` puts it into a registry.

use bytes::Bytes;

use crate::digest::sha256;

/// One document or blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Its media type.
    pub media_type: String,
    /// Its digest.
    pub digest: String,
    /// Its bytes.
    pub bytes: Bytes,
}

impl Content {
    /// Content with the digest of its bytes.
    #[must_use]
    pub fn new(media_type: &str, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self { media_type: media_type.to_owned(), digest: sha256(&bytes), bytes }
    }
}

/// One manifest of an image and all it refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    /// `os/architecture[/variant]`; `unknown/unknown` for an attestation.
    pub platform: String,
    /// The manifest.
    pub manifest: Content,
    /// Configuration first, then the layers, base layers before own ones.
    pub blobs: Vec<Content>,
}

/// A whole image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The repository it belongs to.
    pub repository: String,
    /// The tags of the index.
    pub tags: Vec<String>,
    /// The index; absent where only the platforms' manifests are wanted, as a build by digest leaves them.
    pub index: Option<Content>,
    /// The platforms' manifests, then the attestations.
    pub children: Vec<Child>,
}

impl Image {
    /// How many different blobs it has.
    #[must_use]
    pub fn blob_count(&self) -> usize {
        let digests: std::collections::BTreeSet<_> =
            self.children.iter().flat_map(|child| &child.blobs).map(|blob| &blob.digest).collect();
        digests.len()
    }

    /// The manifest of a platform, for instance `linux/amd64`.
    #[must_use]
    pub fn platform(&self, platform: &str) -> Option<&Child> {
        self.children.iter().find(|child| child.platform == platform)
    }
}
