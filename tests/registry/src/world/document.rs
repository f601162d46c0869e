//! Reads manifests and indexes as far as a registry must: their type and what they refer to.
//! It never writes one: a registry keeps the bytes it was given.

use serde_json::Value;

use crate::{digest::is_digest, media};

/// What a registry must know of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Document {
    /// Its media type.
    pub(crate) media_type: String,
    /// Manifests it lists: the children of an index.
    pub(crate) manifests: Vec<Descriptor>,
    /// Blobs it refers to: configuration and layers.
    pub(crate) blobs: Vec<Descriptor>,
    /// Digest of the manifest it is about.
    pub(crate) subject: Option<String>,
    /// `artifactType`, or the media type of the configuration.
    pub(crate) artifact_type: Option<String>,
    /// Its annotations.
    pub(crate) annotations: Option<Value>,
}

/// A reference inside a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Descriptor {
    /// The digest.
    pub(crate) digest: String,
    /// Length in bytes.
    pub(crate) size: u64,
    /// Whether the content lives outside the registry (`urls`).
    pub(crate) foreign: bool,
}

impl Document {
    /// Reads the bytes under the content type they were sent with.
    pub(crate) fn read(content_type: &str, bytes: &[u8]) -> Result<Self, String> {
        let value: Value = serde_json::from_slice(bytes).map_err(|error| format!("not JSON: {error}"))?;
        if value.get("schemaVersion").and_then(Value::as_u64) != Some(2) {
            return Err("`schemaVersion` is not 2".to_owned());
        }
        let sent = content_type.split(';').next().unwrap_or_default().trim();
        let media_type = match value.get("mediaType").and_then(Value::as_str) {
            Some(inside) if inside != sent => {
                return Err(format!("`Content-Type` is `{sent}` but `mediaType` is `{inside}`"));
            }
            _ => sent.to_owned(),
        };
        let list = match media_type.as_str() {
            media::OCI_INDEX | media::DOCKER_LIST => true,
            media::OCI_MANIFEST | media::DOCKER_MANIFEST => false,
            other => return Err(format!("`{other}` is not the type of a manifest")),
        };
        let (manifests, mut blobs) = if list {
            (descriptors(value.get("manifests").ok_or("`manifests` is absent")?)?, Vec::new())
        } else {
            (Vec::new(), vec![descriptor(value.get("config").ok_or("`config` is absent")?)?])
        };
        if let Some(layers) = value.get("layers").filter(|_| !list) {
            blobs.extend(descriptors(layers)?);
        }
        let subject = value.get("subject").map(descriptor).transpose()?.map(|subject| subject.digest);
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let artifact_type = text(value.get("artifactType"))
            .or_else(|| text(value.get("config").and_then(|config| config.get("mediaType"))));
        Ok(Self {
            media_type,
            manifests,
            blobs,
            subject,
            artifact_type,
            annotations: value.get("annotations").cloned(),
        })
    }
}

fn descriptors(value: &Value) -> Result<Vec<Descriptor>, String> {
    value.as_array().ok_or("a list of descriptors is not a list")?.iter().map(descriptor).collect()
}

fn descriptor(value: &Value) -> Result<Descriptor, String> {
    let digest = value.get("digest").and_then(Value::as_str).unwrap_or_default();
    if !is_digest(digest) {
        return Err(format!("`{digest}` is not a sha256 digest"));
    }
    let size = value.get("size").and_then(Value::as_u64).ok_or_else(|| format!("`{digest}` has no size"))?;
    let foreign = value.get("urls").and_then(Value::as_array).is_some_and(|urls| !urls.is_empty());
    Ok(Descriptor { digest: digest.to_owned(), size, foreign })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::ImageBuilder;

    #[test]
    fn an_index_lists_its_manifests_and_a_manifest_its_blobs() {
        let image = ImageBuilder::new("app").layers(3).build().unwrap();
        let index = image.index.unwrap();
        let read = Document::read(&index.media_type, &index.bytes).unwrap();
        assert_eq!((read.manifests.len(), read.blobs.len()), (2, 0));
        let child = &image.children[0].manifest;
        let read = Document::read(&child.media_type, &child.bytes).unwrap();
        assert_eq!((read.manifests.len(), read.blobs.len()), (0, 4));
    }

    #[test]
    fn what_is_no_manifest_is_refused_with_the_reason() {
        for (content_type, bytes, reason) in [
            (media::OCI_INDEX, "nonsense", "not JSON"),
            (media::OCI_INDEX, "{}", "`schemaVersion` is not 2"),
            (media::OCI_INDEX, r#"{"schemaVersion":2}"#, "`manifests` is absent"),
            (media::OCI_MANIFEST, r#"{"schemaVersion":2}"#, "`config` is absent"),
            ("text/plain", r#"{"schemaVersion":2}"#, "not the type of a manifest"),
            (
                media::OCI_INDEX,
                r#"{"schemaVersion":2,"mediaType":"x","manifests":[]}"#,
                "but `mediaType` is `x`",
            ),
            (
                media::OCI_INDEX,
                r#"{"schemaVersion":2,"manifests":[{"digest":"sha256:0"}]}"#,
                "not a sha256 digest",
            ),
        ] {
            let error = Document::read(content_type, bytes.as_bytes()).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }
}
