//! Manifests that the user names: found, read, and their references looked up. Writes nothing.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use bakery_backend::files;
use bakery_core::{config::Config, model::Repository};
use bakery_dev::{
    lock::Lock,
    rewrite::{self, LeftReason, Managed, RewriteError, Rewritten},
};

use crate::{
    command::failed::{Failed, Reason},
    report::Talker,
};

/// Files of one run.
const MAX_FILES: usize = 100_000;
/// Folders inside each other.
const MAX_DEPTH: usize = 64;

/// A manifest that was read.
pub(super) struct Manifest {
    /// As the user names it.
    pub(super) name: String,
    /// Where it is.
    pub(super) path: PathBuf,
    /// What stands there.
    pub(super) before: Vec<u8>,
    /// What has to stand there.
    pub(super) after: Rewritten,
}

/// Every repository of every image of the project, with the tags of the lock.
pub(super) fn managed(config: &Config, lock: Option<&Lock>) -> Managed {
    let mut managed = Managed::default();
    for image in &config.images {
        let mut registries: BTreeSet<_> = image.registries.iter().collect();
        registries.extend(image.versions.iter().flat_map(|version| &version.registries));
        registries.extend(image.matrix.iter().flat_map(|matrix| &matrix.registries));
        let tag = lock.and_then(|lock| lock.tag(&image.name));
        let named = registries.into_iter().map(|registry| {
            format!("{}/{}", registry.base_url(), registry.repository.as_deref().unwrap_or(&image.name))
        });
        let locked = lock.and_then(|lock| lock.images.get(&image.name));
        let locked = locked.into_iter().flat_map(|image| image.repositories.clone());
        for repository in named.chain(locked) {
            if let Ok(repository) = repository.parse::<Repository>() {
                managed.add(repository, &image.name, tag.clone());
            }
        }
    }
    managed
}

/// Reads everything below the paths. What cannot be read is told at once.
pub(super) fn read(paths: &[PathBuf], managed: &Managed, talker: &Talker) -> Result<Vec<Manifest>, Failed> {
    let (mut manifests, mut wrong) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for path in paths {
        let mut found = Vec::new();
        if let Err(reason) = collect(path, 0, &mut found) {
            wrong.push(reason);
        }
        for (path, named) in found {
            if !seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())) {
                continue;
            }
            match manifest(&path, named, managed, talker) {
                Ok(manifest) => manifests.extend(manifest),
                Err(reason) => wrong.push(reason),
            }
        }
    }
    if wrong.is_empty() { Ok(manifests) } else { Err(wrong.into()) }
}

/// The files of a path, and whether the user named them. Links inside folders are not followed.
fn collect(path: &Path, depth: usize, found: &mut Vec<(PathBuf, bool)>) -> Result<(), Reason> {
    let wrong = |error: std::io::Error| Reason::new(format!("cannot read `{}`: {error}", path.display()));
    let kind = fs::metadata(path).map_err(wrong)?;
    if !kind.is_dir() {
        found.push((path.to_owned(), true));
        return Ok(());
    }
    if depth == MAX_DEPTH {
        return Err(Reason::new(format!(
            "folders are nested more than {MAX_DEPTH} deep below `{}`",
            path.display()
        )));
    }
    let mut entries: Vec<_> = fs::read_dir(path).map_err(wrong)?.collect::<Result<_, _>>().map_err(wrong)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type().map_err(wrong)?;
        let path = entry.path();
        let manifest = path.extension().is_some_and(|end| end == "yaml" || end == "yml" || end == "json");
        if kind.is_dir() && entry.file_name() != ".git" {
            collect(&path, depth + 1, found)?;
        } else if kind.is_file() && manifest {
            found.push((path, false));
        }
        if found.len() > MAX_FILES {
            return Err(Reason::new(format!("there are more than {MAX_FILES} manifests")));
        }
    }
    Ok(())
}

/// One manifest; none where a folder holds a template that names no image of the project.
fn manifest(
    path: &Path,
    named: bool,
    managed: &Managed,
    talker: &Talker,
) -> Result<Option<Manifest>, Reason> {
    let name = path.display().to_string();
    let before = files::read_bounded(path, rewrite::MAX_BYTES as u64)
        .map_err(|error| Reason::new(format!("cannot read `{name}`: {error}")))?;
    let kustomization = path
        .file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| matches!(name, "kustomization.yaml" | "kustomization.yml" | "Kustomization"));
    let after = match rewrite::rewrite(&before, kustomization, managed) {
        Ok(after) => after,
        Err(RewriteError::Syntax { template: true, .. }) if !named && !names_one(&before, managed) => {
            talker.note(&format!("`{name}` is a template that names no image of the project: it stays"));
            return Ok(None);
        }
        Err(error) => {
            let hint = match &error {
                RewriteError::Syntax { template: true, .. } => {
                    "templates are not rewritten: let them take the image from values, and name the values"
                }
                RewriteError::InPlace { .. } => "write the reference on one line",
                _ => "it must be YAML or JSON in UTF-8",
            };
            return Err(Reason::new(format!("`{name}`: {error}")).hint(hint));
        }
    };
    for left in &after.left {
        let place = format!("{name}:{}: `{}`", left.line, left.repository);
        match left.reason {
            LeftReason::Variable => {
                return Err(Reason::new(format!("{place} has a tag that a variable makes"))
                    .hint("write the tag itself, so that it can be rewritten"));
            }
            LeftReason::InsideText => {
                talker.note(&format!("{place} stands inside a text, which is left alone"));
            }
        }
    }
    Ok(Some(Manifest { name, path: path.to_owned(), before, after }))
}

fn names_one(bytes: &[u8], managed: &Managed) -> bool {
    let text = String::from_utf8_lossy(bytes);
    managed.iter().any(|(repository, _)| {
        let name = repository.name();
        text.contains(name.strip_prefix("library/").unwrap_or(name))
    })
}
