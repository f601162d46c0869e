//! The sources of a target as children of an index: read from the host, and refused where they cannot be one.

use crate::{
    failure::{self, invalid},
    host::types::Failure,
    index::{Child, MEDIA_TYPE, platform_name},
    reference::Reference,
    registry::{Manifest, Registry},
    step::{Source, Task},
    task,
};

/// Media types of manifests for one platform.
const IMAGES: [&str; 2] =
    ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];

/// Media types of what has manifests for several.
const INDEXES: [&str; 2] = [MEDIA_TYPE, "application/vnd.docker.distribution.manifest.list.v2+json"];

/// Reads the manifest of every source.
///
/// # Errors
/// The host's failure, or the source that cannot be part of an index.
pub fn read(registry: &impl Registry, asked: &Task) -> Result<Vec<Child>, Failure> {
    let sources = task::sources(asked)?;
    check_platforms(sources)?;
    if let Some(loose) = sources.iter().find(|source| Reference::of(&source.reference).digest.is_none()) {
        let message =
            format!("source `{}` has no digest: it could be another image tomorrow", loose.reference);
        return Err(invalid(&loose.reference, message));
    }
    let answers = registry.get_manifest(&task::references(asked));
    let manifests =
        failure::all(answers, |failed, total| format!("{failed} of {total} sources cannot be read"))?;
    sources.iter().zip(manifests).map(|(source, manifest)| child(source, manifest)).collect()
}

fn child(source: &Source, manifest: Manifest) -> Result<Child, Failure> {
    let reference = &source.reference;
    let media_type = manifest.descriptor.media_type;
    if INDEXES.contains(&media_type.as_str()) {
        let message = format!(
            "source `{reference}` is itself an index: an index is made of manifests for one platform each"
        );
        return Err(invalid(reference, message));
    }
    if !IMAGES.contains(&media_type.as_str()) {
        let message = format!("source `{reference}` is no image manifest: its media type is `{media_type}`");
        return Err(invalid(reference, message));
    }
    Ok(Child {
        media_type,
        digest: manifest.descriptor.digest,
        size: manifest.descriptor.size,
        platform: source.platform.clone(),
    })
}

fn check_platforms(sources: &[Source]) -> Result<(), Failure> {
    for (at, source) in sources.iter().enumerate() {
        if let Some(other) = sources[..at].iter().find(|other| other.platform == source.platform) {
            let platform = platform_name(&source.platform);
            let message = format!(
                "two sources are for `{platform}`: `{}` and `{}`; an index has one per platform",
                other.reference, source.reference
            );
            return Err(invalid(&source.reference, message));
        }
    }
    Ok(())
}
