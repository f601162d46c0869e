//! What `get tags` and `get version` answer. Formats no text: JSON values and names.

use serde_json::{Map, Value};

use super::{PlanError, Target};
use crate::config::Config;

/// References by image, version, variant and operating system, in the order of the targets. A level that a target does
/// not have is left out.
#[must_use]
pub fn tags_by_component(targets: &[Target]) -> Value {
    let mut root = Value::Object(Map::new());
    for target in targets {
        let identity = &target.identity;
        let path =
            [Some(&identity.image), Some(&identity.version), identity.variant.as_ref(), identity.os.as_ref()];
        let mut node = &mut root;
        for name in path.into_iter().flatten() {
            if !node.is_object() {
                *node = Value::Object(Map::new());
            }
            node = &mut node[name.as_str()];
        }
        // Versions of several channels may share their names.
        match node.as_array_mut() {
            Some(list) => list.extend(target.references.iter().map(|r| Value::from(r.as_str()))),
            None => *node = Value::from(target.references.clone()),
        }
    }
    root
}

/// References by identifier, in the order of the targets.
#[must_use]
pub fn tags_by_uid(targets: &[Target]) -> Value {
    targets.iter().map(|target| (target.uid.clone(), Value::from(target.references.clone()))).collect()
}

/// The version of an image that is the latest, or that has the subpath.
///
/// # Errors
/// No such image, or no such version.
pub fn version_of<'c>(config: &'c Config, image: &str, subpath: Option<&str>) -> Result<&'c str, PlanError> {
    let names = || config.images.iter().map(|image| image.name.clone()).collect();
    let found = config.images.iter().find(|candidate| candidate.name == image);
    let found = found.ok_or_else(|| PlanError::NoSuchImage { name: image.to_owned(), available: names() })?;
    let version = found.versions.iter().find(|version| match subpath {
        Some(subpath) => version.subpath == subpath,
        None => version.latest,
    });
    version.map(|version| version.name.as_str()).ok_or_else(|| PlanError::NoVersion {
        image: image.to_owned(),
        wanted: subpath
            .map_or_else(|| "`latest: true`".to_owned(), |subpath| format!("the subpath `{subpath}`")),
        available: match subpath {
            Some(_) => found.versions.iter().map(|version| version.subpath.clone()).collect(),
            None => found.versions.iter().map(|version| version.name.clone()).collect(),
        },
    })
}
