//! Whether lock, tree, manifests and image stores agree; what does not is a finding with the one line that mends it.
//! Looks nothing up: everything that it compares is handed to it.

mod cluster;
mod mend;
mod stored;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

pub use self::{
    cluster::{Answer, InCluster, Wrong, import_line},
    stored::{Content, Holder, Stored},
};

use serde::Serialize;

use self::mend::{build_line, files, force_line, rewrite_line};
use crate::{
    key::{Key, Parts},
    lock::{Lock, LockError, State},
    rewrite::Found,
};

/// What is known.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The lock; none where there is no file.
    pub lock: Result<Option<Lock>, LockError>,
    /// This worktree's folder.
    pub worktree: String,
    /// This project's folder in it.
    pub project: String,
    /// What the tree says now, by the image's name.
    pub now: BTreeMap<String, Now>,
    /// References in manifests.
    pub references: Vec<Reference>,
    /// Whether manifests were looked at: only then an image without a reference is a finding.
    pub looked_at_manifests: bool,
    /// What image stores hold under the lock's tags.
    pub stored: Vec<Stored>,
    /// What clusters hold of the lock's images.
    pub clusters: Vec<InCluster>,
}

/// What the tree says about an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Now {
    /// Its key.
    pub key: Key,
    /// What it is made of.
    pub parts: Parts,
}

/// A reference in a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The file, as the user names it.
    pub file: String,
    /// What stands there.
    pub found: Found,
}

/// The kinds of findings; the words are for programs and stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// There is no lock.
    NoLock,
    /// What lies there is no lock.
    DamagedLock,
    /// The lock was written for another worktree or project.
    ForeignLock,
    /// A build or a rewrite did not come to its end.
    Interrupted,
    /// The tree is not what the lock was written for.
    Stale,
    /// The lock lacks an image of the project, or has one that is gone.
    OtherImages,
    /// A reference names another tag than the lock.
    OtherTag,
    /// A reference is `latest`, or has neither tag nor digest, which means the same.
    Latest,
    /// A digest pins a reference, so that its tag says nothing.
    Pinned,
    /// A reference to an image that nothing builds.
    NoBuild,
    /// No manifest names an image.
    NoReference,
    /// Nodes would ask a registry for an image that only lies here.
    AlwaysPulled,
    /// A store has another image under the tag.
    OtherImage,
    /// A store lacks what the lock says was built.
    NotStored,
    /// What should be looked at cannot be.
    Unreachable,
}

/// Something that does not agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which kind.
    pub code: Code,
    /// What is wrong, and where.
    pub message: String,
    /// The one line that mends it.
    pub mend: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

const LOCK: &str = "bakery dev tag --lock";

/// Everything that does not agree, what must be mended first at the beginning.
#[must_use]
pub fn check(facts: &Facts) -> Vec<Finding> {
    let lock = match &facts.lock {
        Ok(Some(lock)) => lock,
        Ok(None) => return vec![found(Code::NoLock, "this worktree has no lock".to_owned(), LOCK)],
        Err(LockError::Newer(_)) => {
            let message = facts.lock.as_ref().err().map(ToString::to_string).unwrap_or_default();
            return vec![found(Code::DamagedLock, message, "use the bakery that wrote it")];
        }
        Err(error) => return vec![found(Code::DamagedLock, error.to_string(), LOCK)],
    };
    if lock.worktree != facts.worktree || lock.project != facts.project {
        let message = format!(
            "the lock was written for `{}`, not for `{}`",
            place(&lock.worktree, &lock.project),
            place(&facts.worktree, &facts.project)
        );
        return vec![found(Code::ForeignLock, message, LOCK)];
    }
    let divided = stored::divided(&facts.stored);
    let mut findings = interrupted(lock, &facts.now, &divided);
    findings.extend(stale(lock, &facts.now));
    findings.extend(facts.references.iter().filter_map(|reference| reference_finding(lock, reference)));
    if facts.looked_at_manifests {
        findings.extend(unreferenced(lock, &facts.references));
    }
    // What is no image of the project any more cannot be built again; `stale` tells of it.
    let stored = facts.stored.iter().filter(|stored| facts.now.contains_key(&stored.image));
    findings.extend(stored.filter_map(|stored| stored::finding(lock, stored)));
    findings.extend(divided.into_iter().filter_map(|image| stored::divided_finding(lock, image)));
    findings.extend(cluster::findings(lock, &facts.clusters));
    findings
}

/// What is worth a word although it agrees: images that were never built, each with the line that builds it.
#[must_use]
pub fn unbuilt(facts: &Facts) -> Vec<Finding> {
    let Ok(Some(lock)) = &facts.lock else { return Vec::new() };
    let told = |name: &str| {
        let message = format!("nothing was built for `{name}` yet");
        found(Code::NotStored, message, &build_line(name))
    };
    stored::unbuilt(lock, &facts.stored).into_iter().map(told).collect()
}

fn place(worktree: &str, project: &str) -> String {
    if project.is_empty() { worktree.to_owned() } else { format!("{worktree}/{project}") }
}

fn found(code: Code, message: String, mend: &str) -> Finding {
    Finding { code, message, mend: mend.to_owned() }
}

fn interrupted(lock: &Lock, now: &BTreeMap<String, Now>, divided: &BTreeSet<&str>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !lock.rewriting.is_empty() {
        let message = format!(
            "rewriting {} was interrupted: some may name the tags of the lock, and some other ones",
            files(&lock.rewriting)
        );
        findings.push(found(Code::Interrupted, message, &rewrite_line(&lock.rewriting)));
    }
    for (name, image) in lock.images.iter().filter(|(name, _)| now.contains_key(*name)) {
        if image.state == State::Building {
            let message = format!("building `{name}` as `{}` was interrupted", image.tag);
            let mend = if divided.contains(name.as_str()) { force_line(name) } else { build_line(name) };
            findings.push(found(Code::Interrupted, message, &mend));
        }
    }
    findings
}

fn stale(lock: &Lock, now: &BTreeMap<String, Now>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, now) in now {
        let Some(locked) = lock.images.get(name) else {
            let message = format!("the lock has no tag for the image `{name}`");
            findings.push(found(Code::OtherImages, message, LOCK));
            continue;
        };
        if locked.key != now.key {
            let changed = now.parts.changed(&locked.parts).join(" and ");
            let message = format!("`{name}` is locked as `{}`, but {changed} changed since", locked.tag);
            findings.push(found(Code::Stale, message, LOCK));
        }
    }
    for name in lock.images.keys().filter(|name| !now.contains_key(*name)) {
        let message = format!("the lock has a tag for `{name}`, which is no image of the project now");
        findings.push(found(Code::OtherImages, message, LOCK));
    }
    findings
}

fn reference_finding(lock: &Lock, reference: &Reference) -> Option<Finding> {
    let Reference { file, found: site } = reference;
    let at = format!("{file}:{}: `{}`", site.line, site.written);
    let mend = rewrite_line(std::slice::from_ref(file));
    let Some(tag) = lock.images.get(&site.image).map(|image| &image.tag) else {
        let message = format!("{at} names the image `{}`, which nothing builds", site.image);
        return Some(found(Code::NoBuild, message, LOCK));
    };
    if site.pinned {
        return Some(found(Code::Pinned, format!("{at} is pinned by a digest, not `{tag}`"), &mend));
    }
    match site.tag.as_deref() {
        None | Some("latest") => {
            Some(found(Code::Latest, format!("{at} is `latest`, which any build can overwrite"), &mend))
        }
        Some(other) if other != tag => Some(found(Code::OtherTag, format!("{at} is not `{tag}`"), &mend)),
        Some(_) if site.always_pulled => {
            let message = format!("{at} is pulled always, so that a node never takes a local image");
            Some(found(Code::AlwaysPulled, message, "write `imagePullPolicy: IfNotPresent` beside it"))
        }
        Some(_) => None,
    }
}

fn unreferenced(lock: &Lock, references: &[Reference]) -> Vec<Finding> {
    lock.images
        .keys()
        .filter(|name| !references.iter().any(|reference| reference.found.image == **name))
        .map(|name| {
            let message = format!("no manifest names the image `{name}`");
            found(Code::NoReference, message, "name more manifests, or select images with --image-name")
        })
        .collect()
}

#[cfg(test)]
mod tests;
