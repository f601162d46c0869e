//! Manifests and indexes: the bytes as they came, and what they say. Never writes a document again from its parts.

use std::sync::Arc;

use serde::Deserialize;

use super::{Descriptor, Digest, descriptor::media_type};

/// Bytes of a manifest or index: registries refuse more, and bakery reads no more.
pub const MAX_MANIFEST_BYTES: u64 = 4 << 20;

/// Entries of an index, or layers of a manifest.
const MAX_ENTRIES: usize = 4096;

/// What a manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManifestContent {
    /// An index, or a Docker manifest list.
    Index {
        /// Its entries, in order.
        manifests: Vec<Descriptor>,
    },
    /// An image, or an artifact.
    Image {
        /// Configuration.
        config: Box<Descriptor>,
        /// Layers, in order.
        layers: Vec<Descriptor>,
    },
}

/// A manifest or an index, with its exact bytes: its digest is computed from them and so cannot drift.
#[derive(Clone, PartialEq, Eq)]
pub struct Manifest {
    bytes: Arc<[u8]>,
    digest: Digest,
    media_type: String,
    artifact_type: Option<String>,
    subject: Option<Descriptor>,
    content: ManifestContent,
}

impl Manifest {
    /// Reads a document. `content_type` is what the other side called it: it must agree with what the document says.
    ///
    /// # Errors
    /// Too large, not JSON, a type that bakery does not know, two types at once, too many entries.
    pub fn parse(bytes: Vec<u8>, content_type: Option<&str>) -> Result<Self, ManifestError> {
        if bytes.len() as u64 > MAX_MANIFEST_BYTES {
            return Err(ManifestError::TooLarge(bytes.len()));
        }
        let document: Document =
            serde_json::from_slice(&bytes).map_err(|e| ManifestError::NotJson(e.to_string()))?;
        let called = content_type.map(|text| text.split(';').next().unwrap_or_default().trim().to_owned());
        let media_type = match (document.media_type, called) {
            (Some(says), Some(called)) if says != called => {
                return Err(ManifestError::TypesDiffer { says: clip(&says), called: clip(&called) });
            }
            (Some(media_type), _) | (None, Some(media_type)) => media_type,
            (None, None) => return Err(ManifestError::NoType),
        };
        let content = match (document.manifests, document.config, document.layers) {
            // One document that is read as an index by one tool and as an image by another (CVE-2021-41190).
            (Some(_), Some(_), _) | (Some(_), _, Some(_)) => return Err(ManifestError::TwoTypes),
            (Some(manifests), None, None) if is_index(&media_type) => ManifestContent::Index { manifests },
            (None, Some(config), layers) if is_image(&media_type) => {
                ManifestContent::Image { config: Box::new(config), layers: layers.unwrap_or_default() }
            }
            _ => return Err(ManifestError::Unsupported(clip(&media_type))),
        };
        let entries = match &content {
            ManifestContent::Index { manifests } => manifests.len(),
            ManifestContent::Image { layers, .. } => layers.len(),
        };
        if entries > MAX_ENTRIES {
            return Err(ManifestError::TooManyEntries(entries));
        }
        let digest = Digest::of(&bytes);
        Ok(Self {
            bytes: bytes.into(),
            digest,
            media_type,
            artifact_type: document.artifact_type,
            subject: document.subject,
            content,
        })
    }

    /// The exact bytes.
    #[must_use]
    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }

    /// Digest of the bytes.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Media type.
    #[must_use]
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// What it says.
    #[must_use]
    pub fn content(&self) -> &ManifestContent {
        &self.content
    }

    /// What it is about, for a referrer.
    #[must_use]
    pub fn subject(&self) -> Option<&Descriptor> {
        self.subject.as_ref()
    }

    /// A descriptor of it.
    #[must_use]
    pub fn descriptor(&self) -> Descriptor {
        let mut descriptor = Descriptor::new(&self.media_type, self.digest.clone(), self.bytes.len() as u64);
        descriptor.artifact_type.clone_from(&self.artifact_type);
        descriptor
    }

    /// Entries, for an index; nothing else has any.
    #[must_use]
    pub fn manifests(&self) -> &[Descriptor] {
        match &self.content {
            ManifestContent::Index { manifests } => manifests,
            ManifestContent::Image { .. } => &[],
        }
    }

    /// Configuration and layers that a registry must hold before it takes this manifest, each once, in order.
    #[must_use]
    pub fn blobs(&self) -> Vec<&Descriptor> {
        let ManifestContent::Image { config, layers } = &self.content else { return Vec::new() };
        let mut seen = std::collections::HashSet::new();
        std::iter::once(config.as_ref())
            .chain(layers)
            .filter(|blob| !blob.is_foreign() && seen.insert(&blob.digest))
            .collect()
    }
}

impl std::fmt::Debug for Manifest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Manifest")
            .field("digest", &self.digest)
            .field("media_type", &self.media_type)
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    media_type: Option<String>,
    artifact_type: Option<String>,
    manifests: Option<Vec<Descriptor>>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
    subject: Option<Descriptor>,
}

/// Why bytes are not a manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// More than 4 MiB.
    #[error("the manifest has {0} bytes: more than 4 MiB are not accepted")]
    TooLarge(usize),
    /// Not JSON, or not of the shape of a manifest.
    #[error("the manifest cannot be read: {0}")]
    NotJson(String),
    /// Neither the document nor the answer says what it is.
    #[error("neither the manifest nor the registry says its media type")]
    NoType,
    /// The document and the answer disagree.
    #[error("the manifest says it is `{says}`, the registry calls it `{called}`")]
    TypesDiffer {
        /// The document's own.
        says: String,
        /// `Content-Type`.
        called: String,
    },
    /// Both an index and an image.
    #[error("the manifest is an index and an image at once")]
    TwoTypes,
    /// Something else.
    #[error("`{0}` is not a manifest or index that bakery knows")]
    Unsupported(String),
    /// More entries than anything real has.
    #[error("the manifest has {0} entries: more than {MAX_ENTRIES} are not accepted")]
    TooManyEntries(usize),
}

fn is_index(media_type: &str) -> bool {
    matches!(media_type, media_type::OCI_INDEX | media_type::DOCKER_LIST)
}

fn is_image(media_type: &str) -> bool {
    matches!(media_type, media_type::OCI_MANIFEST | media_type::DOCKER_MANIFEST)
}

fn clip(text: &str) -> String {
    text.chars().take(100).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOB: &str = r#"{"mediaType":"x","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}"#;

    #[test]
    fn the_bytes_are_kept_and_the_digest_is_theirs() {
        let text = format!(
            r#"{{ "schemaVersion":2, "x-unknown": [1], "mediaType":"{}", "config":{BLOB}, "layers":[{BLOB}] }}"#,
            media_type::OCI_MANIFEST
        );
        let manifest = Manifest::parse(text.clone().into_bytes(), None).unwrap();
        assert_eq!(&manifest.bytes()[..], text.as_bytes());
        assert_eq!(manifest.digest(), &Digest::of(text.as_bytes()));
        assert_eq!(manifest.blobs().len(), 1, "config and layer are the same blob");
        assert_eq!(manifest.descriptor().size, text.len() as u64);
    }

    #[test]
    fn the_answer_s_type_counts_only_where_the_document_has_none_and_must_not_contradict_it() {
        let list = r#"{"manifests":[]}"#;
        let typed = format!(r#"{{"mediaType":"{}","manifests":[]}}"#, media_type::OCI_INDEX);
        let parameters = format!("{}; charset=utf-8", media_type::OCI_INDEX);
        for (text, called, good) in [
            (list, Some(media_type::DOCKER_LIST), true),
            (list, None, false),
            (list, Some("text/html"), false),
            (list, Some(media_type::OCI_MANIFEST), false),
            (&typed, Some(media_type::OCI_INDEX), true),
            (&typed, Some(parameters.as_str()), true),
            (&typed, Some(media_type::DOCKER_LIST), false),
        ] {
            assert_eq!(Manifest::parse(text.into(), called).is_ok(), good, "{text} {called:?}");
        }
    }

    #[test]
    fn what_is_not_one_manifest_is_refused() {
        let both = format!(
            r#"{{"mediaType":"{}","manifests":[],"config":{BLOB},"layers":[]}}"#,
            media_type::OCI_INDEX
        );
        let half = format!(r#"{{"mediaType":"{}","manifests":[],"layers":[]}}"#, media_type::OCI_INDEX);
        let schema1 = r#"{"mediaType":"application/vnd.docker.distribution.manifest.v1+json"}"#;
        let many = format!(
            r#"{{"mediaType":"{}","manifests":[{}]}}"#,
            media_type::OCI_INDEX,
            vec![BLOB; MAX_ENTRIES + 1].join(",")
        );
        let check = |text: &str, expected: &str| {
            let error = Manifest::parse(text.into(), None).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(&both, "at once");
        check(&half, "at once");
        check(schema1, "is not a manifest or index that bakery knows");
        check("<html>", "cannot be read");
        check("[]", "cannot be read");
        check(&many, "4097 entries");
        check(&" ".repeat(MAX_MANIFEST_BYTES as usize + 1), "4194305 bytes");
    }
}
