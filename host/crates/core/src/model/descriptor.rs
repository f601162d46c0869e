//! Descriptors: what OCI documents say about content they point at. Believes nothing they say about the content.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::Digest;

/// Media types that bakery reads and writes.
pub mod media_type {
    /// OCI image index.
    pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
    /// OCI image manifest.
    pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    /// Docker manifest list.
    pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
    /// Docker image manifest, schema 2.
    pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
    /// Every one that a manifest may have.
    pub const MANIFESTS: [&str; 4] = [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST];
}

/// The platform of a descriptor: any that the other side names, `unknown/unknown` included.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ImagePlatform {
    /// `amd64`.
    pub architecture: String,
    /// `linux`.
    pub os: String,
    /// `os.version`.
    #[serde(rename = "os.version", default, skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
    /// `os.features`.
    #[serde(
        rename = "os.features",
        default,
        deserialize_with = "absent_or_null",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub os_features: Vec<String>,
    /// `v8`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

/// Points at content. Serialised with its fields in the order that Go tools write them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// Media type of the content.
    pub media_type: String,
    /// Digest of the content.
    #[serde(with = "digest_text")]
    pub digest: Digest,
    /// Bytes of the content.
    pub size: u64,
    /// Other places where the content lies; never read with credentials.
    #[serde(default, deserialize_with = "absent_or_null", skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// Annotations, sorted by key.
    #[serde(default, deserialize_with = "absent_or_null", skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Platform, for an entry of an index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<ImagePlatform>,
    /// Artifact type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
}

impl Descriptor {
    /// A descriptor with nothing optional.
    #[must_use]
    pub fn new(media_type: impl Into<String>, digest: Digest, size: u64) -> Self {
        Self {
            media_type: media_type.into(),
            digest,
            size,
            urls: Vec::new(),
            annotations: BTreeMap::new(),
            platform: None,
            artifact_type: None,
        }
    }

    /// Whether the content lies elsewhere (a foreign layer): registries neither hold nor mount it.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        !self.urls.is_empty()
    }
}

/// Go tools write an absent list or map as `null`.
fn absent_or_null<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

mod digest_text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::model::Digest;

    pub(super) fn serialize<S: Serializer>(digest: &Digest, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(digest.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Digest, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_is_written_in_the_order_of_go_tools() {
        let mut descriptor = Descriptor::new(media_type::OCI_MANIFEST, Digest::of(b"{}"), 2);
        descriptor.platform = Some(ImagePlatform {
            architecture: "arm64".into(),
            os: "linux".into(),
            os_version: None,
            os_features: Vec::new(),
            variant: Some("v8".into()),
        });
        descriptor.annotations.insert("b".into(), "2".into());
        descriptor.annotations.insert("a".into(), "1".into());
        descriptor.artifact_type = Some("t".into());
        let text = serde_json::to_string(&descriptor).unwrap();
        insta::assert_snapshot!(text, @r#"{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2,"annotations":{"a":"1","b":"2"},"platform":{"architecture":"arm64","os":"linux","variant":"v8"},"artifactType":"t"}"#);
        assert_eq!(serde_json::from_str::<Descriptor>(&text).unwrap(), descriptor);
    }

    #[test]
    fn what_go_tools_write_as_null_is_empty() {
        let digest = Digest::of(b"");
        let text =
            format!(r#"{{"mediaType":"x","digest":"{digest}","size":0,"urls":null,"annotations":null}}"#);
        assert_eq!(serde_json::from_str::<Descriptor>(&text).unwrap(), Descriptor::new("x", digest, 0));
    }

    #[test]
    fn a_descriptor_with_another_digest_than_sha256_is_refused() {
        let text = r#"{"mediaType":"x","digest":"sha256:../../etc","size":1}"#;
        let error = serde_json::from_str::<Descriptor>(text).unwrap_err().to_string();
        assert!(error.contains("is not a digest"), "{error}");
    }
}
