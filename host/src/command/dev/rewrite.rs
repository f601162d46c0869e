//! `bakery dev rewrite`: the tags of the lock go into manifests, all of them or none.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use bakery_core::config::Config;
use bakery_dev::{
    lock::Lock,
    rewrite::{Found, Managed},
};
use serde_json::json;
use similar::TextDiff;

use super::{
    ignore::Rules,
    inputs, lock,
    manifests::{self, Manifest},
    pick,
    place::Place,
    tags::{self, Tags},
};
use crate::{
    cli::{DevRewrite, DevTargets},
    command::{Ended, Failed, failed::Reason, project::Project},
    report::{Exit, Stdout, Talker, escape},
};

pub(super) fn run(arguments: &DevRewrite, talker: &Arc<Talker>) -> Ended {
    let (project, place) = tags::open(&arguments.targets.project, talker)?;
    let locked = locked(&place)?;
    let fresh = locked.is_none();
    let (place, lock) = match locked {
        Some(lock) => (place, lock),
        None => {
            let policy = arguments.targets.policy.unwrap_or_default();
            let read = Tags::read(&arguments.targets, policy, place, None, &project, talker)?;
            let lock = read.lock();
            (read.place, lock)
        }
    };
    let managed = manifests::managed(&project.config, Some(&lock));
    let manifests = manifests::read(&arguments.paths, &managed, talker)?;
    let beside = beside(&place, &lock, &managed, &manifests, talker);
    let wrong = wrong(&project, &lock, &arguments.targets, &manifests, &beside)?;
    if !wrong.is_empty() {
        return Err(wrong.into());
    }
    let changed: Vec<&Manifest> = manifests.iter().filter(|one| one.before != one.after.bytes).collect();
    if arguments.diff {
        Stdout.text(&changed.iter().map(|manifest| diff(manifest)).collect::<String>())?;
    } else if arguments.json {
        Stdout.json(&answer(&manifests))?;
    } else {
        Stdout.text(&lines(&manifests))?;
    }
    if arguments.check || arguments.diff {
        let disagree = arguments.check && !changed.is_empty();
        return Ok(if disagree { Exit::Disagreeing } else { Exit::Done });
    }
    write(&place, lock, fresh, &manifests, &changed)?;
    Ok(Exit::Done)
}

/// The lock of this worktree.
fn locked(place: &Place) -> Result<Option<Lock>, Failed> {
    match lock::read(place) {
        Ok(Some(lock)) if !lock::is_ours(place, &lock) => {
            Err(Failed::because(format!("the lock was written for `{}`", lock.worktree))
                .hint("`bakery dev tag --lock` writes one for this worktree"))
        }
        Ok(lock) => Ok(lock),
        Err(error) => {
            Err(Failed::because(error.to_string())
                .hint("`bakery dev tag --lock` writes a new one from the tree"))
        }
    }
}

/// Images that other manifests of the lock name. One that cannot be read names none.
fn beside(
    place: &Place,
    lock: &Lock,
    managed: &Managed,
    manifests: &[Manifest],
    talker: &Talker,
) -> BTreeSet<String> {
    let given: BTreeSet<String> = manifests.iter().map(|one| locked_name(place, &one.path)).collect();
    let names = lock.manifests.iter().chain(&lock.rewriting).filter(|name| !given.contains(*name));
    let read = |name: &String| manifests::read(&[place.worktree.join(name)], managed, talker).ok();
    let found = names.filter_map(read).flatten().flat_map(|manifest| manifest.after.found);
    found.map(|found| found.image).collect()
}

/// Everything that forbids to write: references without a build, images without a reference, manifests whose change
/// would change the tag that they name.
fn wrong(
    project: &Project,
    lock: &Lock,
    targets: &DevTargets,
    manifests: &[Manifest],
    beside: &BTreeSet<String>,
) -> Result<Vec<Reason>, Failed> {
    let mut wrong = Vec::new();
    let found = || manifests.iter().flat_map(|m| m.after.found.iter().map(move |found| (m, found)));
    for (manifest, found) in found().filter(|(_, found)| found.wanted.is_none()) {
        wrong.push(
            Reason::new(format!(
                "{}:{}: `{}` names the image `{}`, which nothing builds",
                manifest.name, found.line, found.written, found.image
            ))
            .hint("`bakery dev tag --lock` gives every image that can be built a tag"),
        );
    }
    let referenced: BTreeSet<&str> = found().map(|(_, found)| found.image.as_str()).collect();
    for image in lock.images.keys().filter(|name| selected(targets, name)) {
        if !referenced.contains(image.as_str()) && !beside.contains(image) {
            wrong.push(
                Reason::new(format!("no manifest names the image `{image}`"))
                    .hint("name more manifests, or select the images that are meant with --image-name"),
            );
        }
    }
    let contexts = contexts(&project.config, &project.folder)?;
    let root = project.folder.canonicalize().unwrap_or_else(|_| project.folder.clone());
    for manifest in manifests.iter().filter(|manifest| !manifest.after.found.is_empty()) {
        if let Some(inside) = inside(&root, &manifest.path)
            && contexts.iter().any(|rules| rules.takes(&inside))
        {
            let line = String::from_utf8_lossy(&inside).into_owned();
            wrong.push(
                Reason::new(format!(
                    "`{}` is in the build context, so that writing a tag into it would change the tag",
                    manifest.name
                ))
                .hint(format!("add the line `{}`, or its folder, to .dockerignore", escape::line(&line))),
            );
        }
    }
    Ok(wrong)
}

fn selected(targets: &DevTargets, image: &str) -> bool {
    targets.image_name.as_ref().is_none_or(|regex| regex.is_match(image))
}

/// The contexts of all development images, by their ignore files.
fn contexts(config: &Config, folder: &Path) -> Result<Vec<Rules>, Failed> {
    let mut ignores = BTreeSet::new();
    for image in &config.images {
        if let Some(containerfile) = pick::containerfile(config, &image.name).ok().flatten() {
            ignores.insert(inputs::ignore_file(folder, &containerfile)?);
        }
    }
    ignores.iter().map(|ignore| inputs::rules(ignore)).collect()
}

/// A file's path below the project's folder.
fn inside(root: &Path, path: &Path) -> Option<Vec<u8>> {
    use std::os::unix::ffi::OsStrExt as _;
    let path = path.canonicalize().ok()?;
    path.strip_prefix(root).ok().map(|inside| inside.as_os_str().as_bytes().to_vec())
}

/// Writes every file whole, between two writes of the lock: whoever is stopped in between is recognised.
fn write(
    place: &Place,
    lock: Lock,
    fresh: bool,
    manifests: &[Manifest],
    changed: &[&Manifest],
) -> Result<(), Failed> {
    let names: Vec<String> = manifests
        .iter()
        .filter(|manifest| !manifest.after.found.is_empty())
        .map(|manifest| locked_name(place, &manifest.path))
        .collect();
    if changed.is_empty() && !fresh && lock.rewriting.is_empty() {
        let known = names.iter().all(|name| lock.manifests.contains(name));
        if known {
            return Ok(());
        }
    }
    let owner = lock::own(place)?;
    let lock = lock.intend(&names);
    lock::write(place, &owner, &lock)?;
    for manifest in changed {
        replace(place, manifest).map_err(|error| {
            Failed::because(format!("cannot write `{}`: {error}", manifest.name))
                .hint("`bakery dev check` says what is half done; the same command goes on from there")
        })?;
    }
    lock::write(place, &owner, &lock.rewritten(&names))
}

/// A manifest's new bytes in its place, with its permissions. A link stays one.
fn replace(place: &Place, manifest: &Manifest) -> std::io::Result<()> {
    place.state.place(&manifest.path.canonicalize()?, &manifest.after.bytes)
}

/// As the lock names a file: below the worktree where it lies in it, so that a worktree can move.
fn locked_name(place: &Place, path: &Path) -> String {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    path.strip_prefix(&place.worktree).unwrap_or(&path).to_string_lossy().into_owned()
}

fn lines(manifests: &[Manifest]) -> String {
    let line = |manifest: &Manifest, found: &Found| {
        let wanted = found.wanted.as_deref().unwrap_or_default();
        format!(
            "{}:{}: {} -> {}\n",
            escape::line(&manifest.name),
            found.line,
            escape::line(&found.written),
            escape::line(wanted)
        )
    };
    manifests
        .iter()
        .flat_map(|manifest| {
            let differs = manifest.after.found.iter().filter(|found| found.differs());
            differs.map(move |found| line(manifest, found))
        })
        .collect()
}

fn answer(manifests: &[Manifest]) -> serde_json::Value {
    let found: Vec<_> = manifests
        .iter()
        .flat_map(|manifest| manifest.after.found.iter().map(move |found| (manifest, found)))
        .map(|(manifest, found)| {
            json!({
                "file": manifest.name,
                "line": found.line,
                "path": found.path,
                "image": found.image,
                "before": found.written,
                "after": found.wanted,
                "changed": found.differs(),
            })
        })
        .collect();
    json!({ "version": 1, "references": found })
}

fn diff(manifest: &Manifest) -> String {
    let (before, after) =
        (String::from_utf8_lossy(&manifest.before), String::from_utf8_lossy(&manifest.after.bytes));
    let name = escape::line(&manifest.name);
    TextDiff::from_lines(before.as_ref(), after.as_ref()).unified_diff().header(&name, &name).to_string()
}
