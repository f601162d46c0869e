//! Folders of versions: which of them are made from templates, what they are called, and everything that their
//! templates get to know. Renders nothing and touches no file.

use std::collections::BTreeMap;

use super::{Build, BuildKind, Builds, ResolvedDev, ResolvedOs};
use crate::config::{Dependency, DevVersion, Image};

/// A version's folder and what its templates get to know.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionFolder<'c> {
    /// Its image; all of its variants are rendered, whatever the filters are.
    pub image: &'c Image,
    /// The folder, below the image's.
    pub subpath: String,
    /// The version's whole name.
    pub version: String,
    /// Whether it is a development version.
    pub dev: bool,
    /// All of its operating systems, sorted by name, whatever the filters are.
    pub systems: Vec<ResolvedOs>,
    /// Versions of its dependencies.
    pub dependencies: Vec<Dependency>,
    /// `values` of the version.
    pub values: &'c BTreeMap<String, String>,
}

impl VersionFolder<'_> {
    /// The image's folder, relative to `bakery.yaml`; `.` where it is the same.
    #[must_use]
    pub fn image_path(&self) -> String {
        plain(&self.image.subpath)
    }

    /// The version's folder, relative to `bakery.yaml`.
    #[must_use]
    pub fn path(&self) -> String {
        plain(&format!("{}/{}", self.image.subpath, self.subpath))
    }

    /// The URL that a template gets for its download: what the source answered, or what `bakery.yaml` says.
    #[must_use]
    pub fn download_url(&self, system: &ResolvedOs) -> Option<String> {
        system.download_url().or_else(|| system.os.artifact_download_url.clone())
    }
}

/// The folders that these builds need and that templates make: those of development versions, but not of those that
/// are one more row of a matrix. Each folder once, in the order of the builds.
#[must_use]
pub fn dev_folders<'c>(builds: &Builds<'c>) -> Vec<VersionFolder<'c>> {
    let mut folders: Vec<VersionFolder<'c>> = Vec::new();
    for build in &builds.builds {
        if let Some(folder) = folder(build, &builds.resolved)
            && !folders.iter().any(|other| other.path() == folder.path())
        {
            folders.push(folder);
        }
    }
    folders
}

/// Gives versions that would share a folder without having one content folders of their own: the first keeps its
/// name, the others get `@2`, `@3` and so on. Two channels may have released one version from different places.
pub(super) fn settle(builds: &mut Builds<'_>) {
    let mut taken: Vec<VersionFolder<'_>> = Vec::new();
    for at in 0..builds.builds.len() {
        let Some(mut folder) = folder(&builds.builds[at], &builds.resolved) else { continue };
        let wanted = folder.subpath.clone();
        let mut number = 1;
        while let Some(other) = taken.iter().find(|other| other.path() == folder.path())
            && *other != folder
        {
            number += 1;
            folder.subpath = format!("{wanted}@{number}");
        }
        builds.builds[at].subpath.clone_from(&folder.subpath);
        taken.push(folder);
    }
}

fn folder<'c>(build: &Build<'c>, resolved: &[(super::DevRef, ResolvedDev)]) -> Option<VersionFolder<'c>> {
    let BuildKind::Dev(at) = build.kind else { return None };
    if build.matrix {
        return None;
    }
    let (_, found) = resolved.iter().find(|(dev, _)| *dev == at)?;
    let dev: &DevVersion = build.image.dev_versions.get(at.dev)?;
    Some(VersionFolder {
        image: build.image,
        subpath: build.subpath.clone(),
        version: build.name.clone(),
        dev: true,
        systems: found.os.clone(),
        dependencies: build.dependencies.clone(),
        values: &dev.values,
    })
}

/// A relative path without `.` and empty parts; `.` where nothing is left.
fn plain(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}
