//! What differs between two configurations, as the parts that must be built again. Comments, order and layout do not
//! differ. When in doubt, more is built.

use super::ChangeSet;
use crate::config::{Config, DevVersion, Image, Matrix, Version};

/// Adds what differs to the change set.
pub(super) fn add(changes: &mut ChangeSet, old: &Config, new: &Config) {
    let globally =
        old.repository != new.repository || old.registries != new.registries || old.sources != new.sources;
    if globally {
        changes.full = true;
        return;
    }
    for image in &new.images {
        // The files of a new image are new as well, and say what is built of it.
        if let Some(before) = old.images.iter().find(|candidate| candidate.name == image.name) {
            add_image(changes, before, image);
        }
    }
}

fn add_image(changes: &mut ChangeSet, old: &Image, new: &Image) {
    let dev_differs = without_lines(&old.dev_versions) != without_lines(&new.dev_versions);
    let rest_differs = dev_differs || rest_of(old) != rest_of(new);
    if old.matrix.is_some() || new.matrix.is_some() {
        let differs =
            rest_differs || old.versions != new.versions || matrix_differs(&old.matrix, &new.matrix);
        if differs {
            let image = changes.image(&new.name);
            image.latest_row = true;
            image.dev_versions = true;
        }
    }
    if dev_differs {
        changes.image(&new.name).dev_versions = true;
    }
    if rest_differs {
        changes.image(&new.name).all_releases = true;
        return;
    }
    for version in &new.versions {
        let before = old.versions.iter().find(|candidate| candidate.name == version.name);
        if before.is_none_or(|before| version_differs(before, version)) {
            changes.image(&new.name).versions.insert(version.name.clone());
        }
    }
}

/// An entry that only passes `latest` on to another one is the same image as before.
fn version_differs(old: &Version, new: &Version) -> bool {
    let mut expected = old.clone();
    if old.latest && !new.latest {
        expected.latest = false;
    }
    expected != *new
}

/// The image without its lists of versions and its matrix.
fn rest_of(image: &Image) -> Image {
    Image { versions: Vec::new(), dev_versions: Vec::new(), matrix: None, ..image.clone() }
}

/// Lines move when something above them is edited.
fn without_lines(versions: &[DevVersion]) -> Vec<DevVersion> {
    versions.iter().map(|version| DevVersion { line: 0, ..version.clone() }).collect()
}

/// Taking values off pinned axes leaves the other rows as they are; everything else makes new rows. What a constraint
/// resolves to is not known here, so every change of one counts.
fn matrix_differs(old: &Option<Matrix>, new: &Option<Matrix>) -> bool {
    let (Some(old), Some(new)) = (old, new) else { return old.is_some() != new.is_some() };
    let rest = |matrix: &Matrix| Matrix { dependencies: Vec::new(), ..matrix.clone() };
    let same_axes = old.dependencies.len() == new.dependencies.len();
    let only_removed = new.dependencies.iter().all(|dependency| {
        old.dependencies.iter().any(|before| {
            before.name == dependency.name && dependency.versions.iter().all(|v| before.versions.contains(v))
        })
    });
    rest(old) != rest(new) || !same_axes || !only_removed
}
