//! What is written about what was built: the builder's own words about each target, and `bakery.target`. Keys that
//! nobody here knows are kept. Reads no file.

use serde_json::{Map, Value, json};

use crate::{
    model::{Digest, Platform},
    plan::{Target, bake::BakeOptions, publish::BUILT_KEY},
};

/// What a builder wrote and nobody can read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the builder's metadata are not a JSON object: {0}")]
pub struct MetadataError(String);

/// What a builder says about one target.
pub type Entry = Map<String, Value>;

/// Reads what a builder wrote about one target.
///
/// # Errors
/// It is no JSON object.
pub fn read_one(bytes: &[u8]) -> Result<Entry, MetadataError> {
    serde_json::from_slice(bytes).map_err(|error| MetadataError(error.to_string()))
}

/// Reads what a builder wrote about a plan: entries of targets in their order, and what stands beside them.
///
/// # Errors
/// It is no JSON object.
pub fn read_bake(bytes: &[u8], targets: &[Target]) -> Result<(Vec<(String, Entry)>, Entry), MetadataError> {
    let mut beside = read_one(bytes)?;
    let mut entries = Vec::new();
    for target in targets {
        if let Some(Value::Object(entry)) = beside.shift_remove(&target.uid) {
            entries.push((target.uid.clone(), entry));
        }
    }
    Ok((entries, beside))
}

/// A metadata file: an entry for each target that was built, in the order of the targets, and whatever the builder
/// wrote beside them. Nothing where nothing was built.
#[must_use]
pub fn document<'t>(
    built: impl IntoIterator<Item = (&'t Target, &'t Entry)>,
    beside: &Entry,
) -> Option<Value> {
    let mut document = Map::new();
    for (target, entry) in built {
        let mut entry = entry.clone();
        entry.insert(BUILT_KEY.to_owned(), target.built.to_json());
        document.insert(target.uid.clone(), Value::Object(entry));
    }
    if document.is_empty() {
        return None;
    }
    document.extend(beside.iter().map(|(key, value)| (key.clone(), value.clone())));
    Some(Value::Object(document))
}

/// An image that `buildah` made.
#[derive(Clone, Debug)]
pub struct BuildahImage {
    /// For which platform.
    pub platform: Platform,
    /// Digest of its configuration: its identifier in the local store.
    pub config: String,
    /// Its manifest in a registry, where it was pushed: digest, media type, bytes.
    pub manifest: Option<(Digest, String, u64)>,
    /// When it was built, in RFC 3339.
    pub created: String,
}

/// What `buildx` would say about a target that `buildah` built, with the same keys.
#[must_use]
pub fn buildah_entry(target: &Target, image: &BuildahImage, options: &BakeOptions<'_>) -> Entry {
    let platform = image.platform.as_str();
    let labels = target.labels(options.created, options.revision).into_iter();
    let labels = labels.map(|(key, value)| (format!("label:{key}"), Value::from(value)));
    let args =
        target.args.iter().map(|(key, value)| (format!("build-arg:{key}"), Value::from(value.as_str())));
    let args: Map<String, Value> = args.chain(labels).collect();
    let mut entry = Map::new();
    entry.insert(
        "buildx.build.provenance".to_owned(),
        json!({
            "builder": { "id": "" },
            "buildType": "https://buildah.io",
            "invocation": { "parameters": { "args": args }, "environment": { "platform": platform } },
        }),
    );
    entry.insert("containerimage.config.digest".to_owned(), json!(image.config));
    if let Some((digest, media_type, size)) = &image.manifest {
        let (os, architecture) = platform.split_once('/').unwrap_or(("linux", platform));
        entry.insert(
            "containerimage.descriptor".to_owned(),
            json!({
                "mediaType": media_type,
                "digest": digest.to_string(),
                "size": size,
                "annotations": { "org.opencontainers.image.created": image.created },
                "platform": { "architecture": architecture, "os": os },
            }),
        );
        entry.insert("containerimage.digest".to_owned(), json!(digest.to_string()));
    }
    let names = match options.temp_registry {
        Some(registry) => target.temp_repository(registry),
        None => target.references.join(","),
    };
    entry.insert("image.name".to_owned(), json!(names));
    entry
}
