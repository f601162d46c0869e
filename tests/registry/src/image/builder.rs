//! Builds images: how many platforms, how many layers, which of them shared.
//! It pushes nothing and knows no registry.

use std::{collections::BTreeMap, io};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    layer::{Layer, layer},
    made::{Child, Content, Image},
};
use crate::{draw, media};

/// What an image shall look like. Equal builders make equal bytes; the repository and the tags are not part of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImageBuilder {
    repository: String,
    tags: Vec<String>,
    platforms: Vec<String>,
    layers: usize,
    layer_bytes: usize,
    base_layers: usize,
    base_seed: u64,
    seed: u64,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    created: String,
    attestations: bool,
    docker: bool,
    sources_only: bool,
}

impl Default for ImageBuilder {
    fn default() -> Self {
        Self {
            repository: "app".to_owned(),
            tags: Vec::new(),
            platforms: vec!["linux/amd64".to_owned(), "linux/arm64".to_owned()],
            layers: 2,
            layer_bytes: 512,
            base_layers: 0,
            base_seed: 0,
            seed: 0,
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            created: "2026-01-02T03:04:05Z".to_owned(),
            attestations: false,
            docker: false,
            sources_only: false,
        }
    }
}

impl ImageBuilder {
    /// `linux/amd64` and `linux/arm64`, two small layers each.
    #[must_use]
    pub fn new(repository: &str) -> Self {
        Self { repository: repository.to_owned(), ..Self::default() }
    }

    /// One more tag.
    #[must_use]
    pub fn tag(mut self, tag: &str) -> Self {
        self.tags.push(tag.to_owned());
        self
    }

    /// These platforms, as `os/architecture[/variant]`.
    #[must_use]
    pub fn platforms(mut self, platforms: &[&str]) -> Self {
        self.platforms = platforms.iter().map(|&platform| platform.to_owned()).collect();
        self
    }

    /// So many layers of its own for each platform.
    #[must_use]
    pub fn layers(mut self, count: usize) -> Self {
        self.layers = count;
        self
    }

    /// About so many bytes in each layer.
    #[must_use]
    pub fn layer_bytes(mut self, bytes: usize) -> Self {
        self.layer_bytes = bytes;
        self
    }

    /// Below its own layers, so many that depend on this seed and the platform alone: images with equal seeds share
    /// them.
    #[must_use]
    pub fn base(mut self, seed: u64, layers: usize) -> Self {
        self.base_seed = seed;
        self.base_layers = layers;
        self
    }

    /// The seed of its own layers and its configuration.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// One more label in the configurations.
    #[must_use]
    pub fn label(mut self, name: &str, value: &str) -> Self {
        self.labels.insert(name.to_owned(), value.to_owned());
        self
    }

    /// One more annotation of the index.
    #[must_use]
    pub fn annotation(mut self, name: &str, value: &str) -> Self {
        self.annotations.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The time of creation in the configurations, RFC 3339.
    #[must_use]
    pub fn created(mut self, time: &str) -> Self {
        self.created = time.to_owned();
        self
    }

    /// With one build attestation for each platform, as buildx makes them.
    #[must_use]
    pub fn attestations(mut self) -> Self {
        self.attestations = true;
        self
    }

    /// With Docker's media types instead of OCI's.
    #[must_use]
    pub fn docker(mut self) -> Self {
        self.docker = true;
        self
    }

    /// Without index: only the platforms' manifests, as a build that pushes by digest leaves them.
    #[must_use]
    pub fn sources_only(mut self) -> Self {
        self.sources_only = true;
        self
    }

    /// Makes the image.
    ///
    /// # Errors
    /// Where a layer cannot be written, which memory alone can cause.
    pub fn build(&self) -> io::Result<Image> {
        let mut children = Vec::new();
        for platform in &self.platforms {
            children.push(self.child(platform)?);
        }
        let mut entries: Vec<Value> = children.iter().map(|child| entry(child, None)).collect();
        if self.attestations {
            let statements: Vec<Child> = children.iter().map(attestation).collect();
            let subjects = children.iter().map(|child| child.manifest.digest.clone()).collect::<Vec<_>>();
            entries
                .extend(statements.iter().zip(&subjects).map(|(child, subject)| entry(child, Some(subject))));
            children.extend(statements);
        }
        let index = (!self.sources_only).then(|| {
            let media_type = if self.docker { media::DOCKER_LIST } else { media::OCI_INDEX };
            let mut document = json!({ "schemaVersion": 2, "mediaType": media_type, "manifests": entries });
            if !self.annotations.is_empty() {
                document["annotations"] = json!(self.annotations);
            }
            Content::new(media_type, document.to_string())
        });
        Ok(Image { repository: self.repository.clone(), tags: self.tags.clone(), index, children })
    }

    fn child(&self, platform: &str) -> io::Result<Child> {
        let layers = self.layers_for(platform)?;
        let (config_type, layer_type, manifest_type) = if self.docker {
            (media::DOCKER_CONFIG, media::DOCKER_LAYER, media::DOCKER_MANIFEST)
        } else {
            (media::OCI_CONFIG, media::OCI_LAYER, media::OCI_MANIFEST)
        };
        let mut config = json!({ "created": self.created });
        for (key, value) in platform_fields(platform) {
            config[key] = value;
        }
        // The seed stands in the configuration, so that images without own layers differ too.
        config["config"] = json!({ "Env": [format!("SEED={}", self.seed)], "Labels": self.labels });
        let diff_ids: Vec<&String> = layers.iter().map(|layer| &layer.diff_id).collect();
        config["rootfs"] = json!({ "type": "layers", "diff_ids": diff_ids });
        let history: Vec<Value> = layers
            .iter()
            .map(|_| json!({ "created": self.created, "created_by": "fault registry" }))
            .collect();
        config["history"] = json!(history);

        let mut blobs = vec![Content::new(config_type, config.to_string())];
        blobs.extend(layers.into_iter().map(|layer| Content::new(layer_type, layer.gzip)));
        let manifest = manifest(manifest_type, &blobs);
        Ok(Child { platform: platform.to_owned(), manifest, blobs })
    }

    fn layers_for(&self, platform: &str) -> io::Result<Vec<Layer>> {
        let base = (0..self.base_layers).map(|number| ("base", self.base_seed, number));
        let own = (0..self.layers).map(|number| ("own", self.seed, number));
        base.chain(own)
            .map(|(kind, seed, number)| {
                let content = draw::bytes(seed, &[kind, platform, &number.to_string()], self.layer_bytes);
                layer(&format!("opt/{kind}/{number}"), &content)
            })
            .collect()
    }
}

/// The descriptor of some content, in the order of fields that Go programs write.
fn descriptor(content: &Content) -> Value {
    json!({ "mediaType": content.media_type, "digest": content.digest, "size": content.bytes.len() })
}

fn manifest(media_type: &str, blobs: &[Content]) -> Content {
    let layers: Vec<Value> = blobs.iter().skip(1).map(descriptor).collect();
    let config = blobs.first().map(descriptor);
    let document = json!({ "schemaVersion": 2, "mediaType": media_type, "config": config, "layers": layers });
    Content::new(media_type, document.to_string())
}

fn entry(child: &Child, attests: Option<&String>) -> Value {
    let mut entry = descriptor(&child.manifest);
    if let Some(subject) = attests {
        entry["annotations"] = json!({ "vnd.docker.reference.digest": subject, "vnd.docker.reference.type": "attestation-manifest" });
    }
    entry["platform"] = platform_fields(&child.platform).into_iter().collect();
    entry
}

fn platform_fields(platform: &str) -> Vec<(&'static str, Value)> {
    let mut parts = platform.splitn(3, '/');
    let os = parts.next().unwrap_or_default();
    let architecture = parts.next().unwrap_or_default();
    let mut fields = vec![("architecture", json!(architecture)), ("os", json!(os))];
    fields.extend(parts.next().map(|variant| ("variant", json!(variant))));
    fields
}

/// A manifest with one in-toto statement about the child.
fn attestation(child: &Child) -> Child {
    let digest = &child.manifest.digest;
    let hex = digest.strip_prefix("sha256:").unwrap_or(digest);
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": "https://slsa.dev/provenance/v0.2",
        "subject": [{ "name": "image", "digest": { "sha256": hex } }],
        "predicate": {},
    });
    let layer = Content::new(media::IN_TOTO, statement.to_string());
    let config = json!({
        "architecture": "unknown", "os": "unknown", "config": {},
        "rootfs": { "type": "layers", "diff_ids": [layer.digest] },
    });
    let blobs = vec![Content::new(media::OCI_CONFIG, config.to_string()), layer];
    Child { platform: "unknown/unknown".to_owned(), manifest: manifest(media::OCI_MANIFEST, &blobs), blobs }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_platforms_of_ten_layers_are_twenty_two_blobs() {
        let image = ImageBuilder::new("app").layers(10).build().unwrap();
        assert_eq!(image.blob_count(), 22);
        assert_eq!(image.children.len(), 2);
    }

    #[test]
    fn equal_builders_make_equal_digests_and_another_seed_another() {
        let one = ImageBuilder::new("a").seed(1).build().unwrap();
        let same = ImageBuilder::new("b").seed(1).build().unwrap();
        let other = ImageBuilder::new("a").seed(2).build().unwrap();
        assert_eq!(one.index, same.index);
        assert_ne!(one.index, other.index);
    }

    #[test]
    fn images_on_one_base_share_its_layers_and_nothing_else() {
        let blobs = |seed| {
            let image = ImageBuilder::new("app").base(9, 3).layers(2).seed(seed).build().unwrap();
            let digests =
                image.children.iter().flat_map(|child| &child.blobs).map(|blob| blob.digest.clone());
            digests.collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(blobs(1).intersection(&blobs(2)).count(), 2 * 3);
    }

    #[test]
    fn an_index_names_platforms_variants_and_attestations() {
        let image = ImageBuilder::new("app")
            .platforms(&["linux/amd64", "linux/arm/v7"])
            .attestations()
            .annotation("org.opencontainers.image.version", "1")
            .build()
            .unwrap();
        let index: Value = serde_json::from_slice(&image.index.unwrap().bytes).unwrap();
        assert_eq!(index["manifests"].as_array().unwrap().len(), 4);
        assert_eq!(index["manifests"][1]["platform"]["variant"], "v7");
        assert_eq!(index["manifests"][2]["platform"]["os"], "unknown");
        assert_eq!(
            index["manifests"][2]["annotations"]["vnd.docker.reference.digest"],
            index["manifests"][0]["digest"]
        );
        assert_eq!(index["annotations"]["org.opencontainers.image.version"], "1");
    }
}
