//! `bakery dev check`: lock, tree and manifests side by side. Changes nothing.

use std::{path::PathBuf, sync::Arc};

use bakery_dev::{
    check::{self, Facts, Finding, Now, Reference, Stored},
    lock::Lock,
};
use serde_json::json;

use super::{
    lock, manifests, nodes,
    place::Place,
    remote, stores,
    tags::{self, Tags},
};
use crate::{
    cli::{DevCheck, env},
    command::{Ended, Failed},
    report::{Exit, Stdout, Talker},
};

pub(super) fn run(arguments: &DevCheck, talker: &Arc<Talker>) -> Ended {
    let (project, place) = tags::open(&arguments.targets.project, talker)?;
    let lock = lock::read(&place);
    let known: Option<&Lock> = lock.as_ref().ok().and_then(Option::as_ref);
    let ours = known.filter(|lock| lock::is_ours(&place, lock)).cloned();
    let paths =
        if arguments.paths.is_empty() { written(&place, ours.as_ref()) } else { arguments.paths.clone() };
    let managed = manifests::managed(&project.config, known);
    let references: Vec<Reference> = manifests::read(&paths, &managed, talker)?
        .into_iter()
        .flat_map(|manifest| {
            let file = manifest.name;
            manifest.after.found.into_iter().map(move |found| Reference { file: file.clone(), found })
        })
        .collect();
    let policy = arguments.targets.policy.or_else(|| known?.policy.parse().ok()).unwrap_or_default();
    let read = Tags::read(&arguments.targets, policy, place, ours.as_ref(), &project, talker)?;
    let now = read
        .images
        .iter()
        .map(|image| {
            let now = Now { key: image.key.clone(), parts: image.parts.clone() };
            (image.picked.image.clone(), now)
        })
        .collect();
    let mut stored = Vec::new();
    // What a lock of another place names is nothing that could disagree here.
    if let Some(lock) = &ours {
        stored.extend(in_store(arguments, lock, &read.place, talker)?);
        stored.extend(remote::stored(lock, &arguments.targets.remote, &read.place, talker)?);
    }
    let clusters = nodes::in_clusters(ours.as_ref(), &read.place, talker)?;
    let facts = Facts {
        lock,
        worktree: read.place.worktree_name(),
        project: read.place.prefix.clone(),
        now,
        references,
        looked_at_manifests: !paths.is_empty(),
        stored,
        clusters,
    };
    let findings = check::check(&facts);
    if findings.is_empty() {
        for told in check::unbuilt(&facts) {
            talker.note(&format!("{}: `{}`", told.message, told.mend));
        }
    }
    conclude(arguments.json, &findings, talker)
}

/// What the image store has: the one that is named, else the one that was built into, else one that is there. Without
/// any, what it would show is told as not looked at.
fn in_store(
    arguments: &DevCheck,
    lock: &Lock,
    place: &Place,
    talker: &Arc<Talker>,
) -> Result<Vec<Stored>, Failed> {
    let chosen = arguments.store.or_else(|| stores::of_lock(lock));
    let asked = stores::with(chosen, place, env::for_builders(&[]), talker, async |store| {
        stores::stored(store, lock).await
    });
    match asked {
        Err(failed) if chosen.is_none() && !matches!(failed, Failed::Signal(_)) => {
            let why: Vec<String> = failed.reasons().into_iter().map(|reason| reason.message).collect();
            talker.note(&format!("no image store was looked at: {}", why.join("; ")));
            Ok(Vec::new())
        }
        asked => asked,
    }
}

fn conclude(as_json: bool, findings: &[Finding], talker: &Talker) -> Ended {
    if as_json {
        Stdout.json(&json!({ "version": 1, "agree": findings.is_empty(), "findings": findings }))?;
    } else {
        for finding in findings {
            talker.error(&finding.message, Some(&finding.mend));
        }
    }
    Ok(if findings.is_empty() { Exit::Done } else { Exit::Disagreeing })
}

/// The manifests that the lock of this place names, as they are reached from here.
fn written(place: &Place, lock: Option<&Lock>) -> Vec<PathBuf> {
    let here = std::env::current_dir().ok();
    lock.into_iter()
        .flat_map(|lock| lock.manifests.iter().chain(&lock.rewriting))
        .map(|name| {
            let path = place.worktree.join(name);
            match here.as_deref().and_then(|here| path.strip_prefix(here).ok()) {
                Some(short) => short.to_owned(),
                None => path,
            }
        })
        .collect()
}
