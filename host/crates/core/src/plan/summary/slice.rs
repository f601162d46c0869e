//! One summary: what a job built or published, as JSON. Its keys and their order are the predecessor's; `kind` is added
//! at the end where a publish wrote it.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::plan::{Target, publish::PublishPlan};

/// Bytes of one summary. A real one has a few hundred for each target.
const MAX_BYTES: usize = 16 << 20;

/// Who wrote a summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SliceKind {
    /// A build: of one platform or several.
    #[default]
    Build,
    /// A publish: of whole indexes.
    Publish,
}

/// One summary.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Summary {
    /// Who wrote it.
    #[serde(default)]
    pub kind: SliceKind,
    /// Its targets.
    pub targets: Vec<SummaryTarget>,
}

/// One target of a summary. A size is in bytes; `None` where nobody measured it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct SummaryTarget {
    /// Identifier.
    pub uid: String,
    /// Image.
    pub image_name: String,
    /// Version.
    pub version: String,
    /// Operating system, or empty.
    pub os: String,
    /// Variant, or empty.
    pub variant: String,
    /// How many platforms.
    pub platforms: u64,
    /// How many tags, in all registries.
    pub tags: u64,
    /// Layers of one platform.
    #[serde(default)]
    pub layers: Option<u64>,
    /// Layers in the registry.
    #[serde(default)]
    pub registry_size: Option<u64>,
    /// The image in the local store.
    #[serde(default)]
    pub local_size: Option<u64>,
    /// Where its layer cache is.
    #[serde(default)]
    pub cache_ref: Option<String>,
    /// The layer cache.
    #[serde(default)]
    pub cache_size: Option<u64>,
}

/// Why a file is no summary.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not a summary as `--summary-format json` prints it: {0}")]
pub struct SliceError(String);

impl Summary {
    /// Reads a summary.
    ///
    /// # Errors
    /// Too large, not JSON, or without what a row needs.
    pub fn read(bytes: &[u8]) -> Result<Self, SliceError> {
        if bytes.len() > MAX_BYTES {
            return Err(SliceError(format!("it has {} bytes, at most {MAX_BYTES} are read", bytes.len())));
        }
        serde_json::from_slice(bytes).map_err(|error| SliceError(error.to_string()))
    }

    /// The summary of a publish, before anything is measured.
    #[must_use]
    pub fn of_plan(plan: &PublishPlan) -> Self {
        let targets = plan.targets.iter().map(|target| SummaryTarget {
            uid: target.uid.clone(),
            image_name: target.identity.image.clone(),
            version: target.identity.version.clone(),
            os: target.identity.os.clone().unwrap_or_default(),
            variant: target.identity.variant.clone().unwrap_or_default(),
            platforms: target.sources.len() as u64,
            tags: target.destinations.iter().map(|destination| destination.tags().count() as u64).sum(),
            ..SummaryTarget::default()
        });
        Self { kind: SliceKind::Publish, targets: targets.collect() }
    }

    /// The summary of a build, before anything is measured.
    #[must_use]
    pub fn of_build(targets: &[Target], cache_registry: Option<&str>) -> Self {
        let targets = targets.iter().map(|target| SummaryTarget {
            uid: target.uid.clone(),
            image_name: target.identity.image.clone(),
            version: target.identity.version.clone(),
            os: target.identity.os.clone().unwrap_or_default(),
            variant: target.identity.variant.clone().unwrap_or_default(),
            platforms: target.platforms.len() as u64,
            tags: target.references.len() as u64,
            cache_ref: cache_registry.map(|registry| target.cache_reference(registry)),
            ..SummaryTarget::default()
        });
        Self { kind: SliceKind::Build, targets: targets.collect() }
    }

    /// As it is written to a file.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let count = |of: fn(&SummaryTarget) -> u64| self.targets.iter().map(of).fold(0, u64::saturating_add);
        let size = |of: fn(&SummaryTarget) -> Option<u64>| known_sum(self.targets.iter().map(of));
        let mut summary = Map::new();
        for (key, value) in [
            ("build_targets", json!(self.targets.len())),
            ("platform_builds", json!(count(|target| target.platforms))),
            ("registry_tags", json!(count(|target| target.tags))),
            ("registry_size_bytes", json!(size(|target| target.registry_size))),
            ("local_size_bytes", json!(size(|target| target.local_size))),
            ("cache_size_bytes", json!(cache_sum(&self.targets))),
            ("targets", self.targets.iter().map(row).collect()),
        ] {
            summary.insert(key.to_owned(), value);
        }
        if self.kind == SliceKind::Publish {
            summary.insert("kind".to_owned(), json!("publish"));
        }
        Value::Object(summary)
    }
}

fn row(target: &SummaryTarget) -> Value {
    json!({
        "uid": target.uid,
        "image_name": target.image_name,
        "version": target.version,
        "os": target.os,
        "variant": target.variant,
        "platforms": target.platforms,
        "tags": target.tags,
        "layers": target.layers,
        "registry_size": target.registry_size,
        "local_size": target.local_size,
        "cache_ref": target.cache_ref,
        "cache_size": target.cache_size,
    })
}

/// The sum of what was measured; nothing where nothing was, never 0.
pub(super) fn known_sum(sizes: impl Iterator<Item = Option<u64>>) -> Option<u64> {
    sizes.flatten().reduce(u64::saturating_add)
}

/// The sum over caches; one that several targets share counts once.
pub(super) fn cache_sum(targets: &[SummaryTarget]) -> Option<u64> {
    let mut caches: HashMap<&str, Option<u64>> = HashMap::new();
    for target in targets {
        if let Some(cache) = &target.cache_ref {
            let size = caches.entry(cache).or_default();
            *size = size.or(target.cache_size);
        }
    }
    known_sum(caches.into_values())
}
