//! Which parts of a configuration a set of changed files touches. Only ever narrows what the flags select, and when in
//! doubt it does not. Runs no git.

use std::collections::{BTreeMap, BTreeSet};

use super::config_diff;
use crate::config::{Config, Image};

/// What changed files touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeSet {
    /// Everything is built.
    pub full: bool,
    /// What is built of each image that is touched.
    pub images: BTreeMap<String, ImageChanges>,
}

/// What is built of one image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageChanges {
    /// These entries of `versions`.
    pub versions: BTreeSet<String>,
    /// Every entry of `versions`.
    pub all_releases: bool,
    /// Every entry of `devVersions`.
    pub dev_versions: bool,
    /// The latest row of the matrix.
    pub latest_row: bool,
}

impl ChangeSet {
    /// Reads changed paths, relative to the directory of `bakery.yaml`, with `/`.
    ///
    /// `base` is the configuration before the change, where it could be read; without it a changed `bakery.yaml`
    /// touches everything.
    ///
    /// | path | touches |
    /// |---|---|
    /// | `*.md` | nothing |
    /// | `bakery.yaml`, `bakery.yml` | what differs from `base` |
    /// | `.github/workflows/**` | everything |
    /// | `.gitignore`, `.pre-commit-config.yaml`, `.idea/**`, `.claude/**`, `.github/**` | nothing |
    /// | `<image>/template/**` | development versions of the image |
    /// | `<image>/<subpath of a version>/**` | that version |
    /// | anything else below `<image>` | every release of the image |
    /// | anything below an image with a matrix | its latest row and development versions too |
    /// | anything else | everything |
    #[must_use]
    pub fn classify<'p>(
        config: &Config,
        paths: impl IntoIterator<Item = &'p str>,
        base: Option<&Config>,
    ) -> Self {
        let mut changes = Self::default();
        for path in paths {
            changes.add_path(config, &normalise(path), base);
        }
        changes
    }

    /// Whether development versions of the image are built.
    pub(super) fn takes_dev_versions(&self, image: &str) -> bool {
        self.full || self.images.get(image).is_some_and(|changes| changes.dev_versions)
    }

    /// Whether anything of the image's matrix is built.
    pub(super) fn takes_matrix(&self, image: &str) -> bool {
        self.full || self.images.get(image).is_some_and(|changes| changes.latest_row)
    }

    /// Whether only the latest row of the image's matrix is built.
    pub(super) fn takes_latest_row_only(&self) -> bool {
        !self.full
    }

    /// Whether this entry of `versions` is built.
    pub(super) fn takes_version(&self, image: &str, version: &str) -> bool {
        let touched = |changes: &ImageChanges| changes.all_releases || changes.versions.contains(version);
        self.full || self.images.get(image).is_some_and(touched)
    }

    /// The entry of an image, to be added to.
    pub(super) fn image(&mut self, name: &str) -> &mut ImageChanges {
        self.images.entry(name.to_owned()).or_default()
    }

    fn add_path(&mut self, config: &Config, path: &str, base: Option<&Config>) {
        let below = |directory: &str| path.starts_with(directory);
        if path.to_lowercase().ends_with(".md") {
            return;
        }
        if matches!(path, "bakery.yaml" | "bakery.yml") {
            match base {
                Some(base) => config_diff::add(self, base, config),
                None => self.full = true,
            }
        } else if below(".github/workflows/") {
            self.full = true;
        } else if matches!(path, ".gitignore" | ".pre-commit-config.yaml")
            || [".idea/", ".claude/", ".github/"].into_iter().any(below)
        {
            // Nothing of it reaches an image.
        } else {
            let mut known = false;
            for image in &config.images {
                if let Some(rest) = inside(path, &normalise(&image.subpath)) {
                    known = true;
                    self.image(&image.name).add(image, rest);
                }
            }
            self.full |= !known;
        }
    }
}

impl ImageChanges {
    fn add(&mut self, image: &Image, rest: &str) {
        if image.matrix.is_some() {
            self.latest_row = true;
            self.dev_versions = true;
        }
        let first = rest.split('/').next().unwrap_or_default();
        if first == "template" {
            self.dev_versions = true;
            return;
        }
        let own =
            image.versions.iter().filter(|version| inside(rest, &normalise(&version.subpath)).is_some());
        let own: Vec<String> = own.map(|version| version.name.clone()).collect();
        self.all_releases |= own.is_empty();
        self.versions.extend(own);
    }
}

/// `./a//b/` becomes `a/b`.
fn normalise(path: &str) -> String {
    let parts: Vec<&str> = path.trim().split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    parts.join("/")
}

/// What follows the directory, or the empty text for the directory itself. `.` holds everything.
fn inside<'p>(path: &'p str, directory: &str) -> Option<&'p str> {
    if directory.is_empty() {
        return Some(path);
    }
    let rest = path.strip_prefix(directory)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}
