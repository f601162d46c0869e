//! An index that `soci convert` made against the sources of its target: the same platforms, and for each an image of
//! the same configuration and the same layers. What conversion adds is looked at, too: SOCI indexes of these images.

use serde_json::Value;

use crate::{
    failure::failure,
    host::types::{Failure, FailureKind},
    published::{self, platform},
    reference::by_digest,
    registry::Registry,
    step::Task,
    task,
};

/// Artifact type of a SOCI index in an image index.
const SOCI: &str = "application/vnd.amazon.soci.index.v2+json";
/// On a SOCI index: the image that it is for.
const IMAGE: &str = "com.amazon.soci.image-manifest-digest";

/// One entry of the index.
struct Child {
    platform: String,
    digest: String,
    /// The image that it is the SOCI index of.
    soci: Option<String>,
}

/// Compares the index, which lies in `repository`, and reads the images that it lists.
///
/// # Errors
/// `conflict` that names every difference, or the host's failure.
pub fn compare(
    registry: &impl Registry,
    asked: &Task,
    repository: &str,
    digest: &str,
    bytes: &[u8],
) -> Result<(), Failure> {
    let conflict = |message: String| failure(FailureKind::Conflict, digest, message);
    let wanted = published::wanted(asked)?;
    let Some(children) = children(bytes) else {
        return Err(conflict(format!("`{digest}` is not an index of images and their SOCI indexes")));
    };
    let mut differences = Vec::new();
    let images: Vec<&Child> = children.iter().filter(|child| child.soci.is_none()).collect();
    for (platform, _) in &wanted {
        let count = images.iter().filter(|image| image.platform == *platform).count();
        if count != 1 {
            differences.push(format!("for `{platform}` wanted one image, got {count}"));
        }
    }
    for image in &images {
        if !wanted.iter().any(|(platform, _)| *platform == image.platform) {
            differences.push(format!("for `{}` wanted nothing, got `{}`", image.platform, image.digest));
        }
    }
    differences.extend(strays(&children, &images));
    if differences.is_empty() {
        differences.extend(contents(registry, asked, repository, &images)?);
    }
    if differences.is_empty() {
        return Ok(());
    }
    let differences = differences.join("; ");
    Err(conflict(format!("the converted index `{digest}` differs from its sources: {differences}")))
}

/// SOCI indexes that are for no image of the index, and an index without any.
fn strays(children: &[Child], images: &[&Child]) -> Vec<String> {
    let indexes: Vec<(&Child, &String)> =
        children.iter().filter_map(|child| Some((child, child.soci.as_ref()?))).collect();
    if indexes.is_empty() {
        return vec!["it has no SOCI index".to_owned()];
    }
    let stray = |(child, of): &(&Child, &String)| {
        let known = images.iter().any(|image| image.digest == **of && image.platform == child.platform);
        (!known).then(|| format!("the SOCI index `{}` is for `{of}`, which it does not list", child.digest))
    };
    indexes.iter().filter_map(stray).collect()
}

/// Images that are not made of what their source is made of.
fn contents(
    registry: &impl Registry,
    asked: &Task,
    repository: &str,
    images: &[&Child],
) -> Result<Vec<String>, Failure> {
    let references: Vec<String> = images.iter().map(|image| by_digest(repository, &image.digest)).collect();
    let sources = task::references(asked);
    let mut made = Vec::new();
    for (image, answer) in images.iter().zip(registry.get_manifest(&references)) {
        made.push((&image.platform, parts(&answer?.bytes)));
    }
    let mut differences = Vec::new();
    for (source, answer) in asked.sources.iter().zip(registry.get_manifest(&sources)) {
        let name = crate::index::platform_name(&source.platform);
        let wanted = parts(&answer?.bytes);
        let same =
            made.iter().any(|(platform, parts)| **platform == name && parts.is_some() && *parts == wanted);
        if !same {
            differences.push(format!(
                "the image for `{name}` has not the configuration and the layers of `{}`",
                source.reference
            ));
        }
    }
    Ok(differences)
}

/// Digests of the configuration and of the layers.
fn parts(manifest: &[u8]) -> Option<Vec<String>> {
    let manifest: Value = serde_json::from_slice(manifest).ok()?;
    let digest = |descriptor: &Value| Some(descriptor.get("digest")?.as_str()?.to_owned());
    let mut parts = vec![digest(manifest.get("config")?)?];
    for layer in manifest.get("layers")?.as_array()? {
        parts.push(digest(layer)?);
    }
    Some(parts)
}

fn children(bytes: &[u8]) -> Option<Vec<Child>> {
    let index: Value = serde_json::from_slice(bytes).ok()?;
    index.get("manifests")?.as_array()?.iter().map(child).collect()
}

fn child(child: &Value) -> Option<Child> {
    let is_soci = child.get("artifactType").and_then(Value::as_str) == Some(SOCI);
    let soci = if is_soci { Some(child.get("annotations")?.get(IMAGE)?.as_str()?.to_owned()) } else { None };
    Some(Child { platform: platform(child)?, digest: child.get("digest")?.as_str()?.to_owned(), soci })
}

#[cfg(test)]
#[path = "converted_tests.rs"]
mod tests;
