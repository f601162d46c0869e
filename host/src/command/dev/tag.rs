//! `bakery dev tag`: the tags of the tree as it is, on standard output, and where asked in the lock and in a file.

use std::{path::Path, sync::Arc};

use bakery_backend::state::State;
use bakery_core::plan::Selection;
use bakery_dev::tag::{Policy, is_dev_tag};
use serde_json::{Map, Value, json};

use super::{
    bases, lock,
    tags::{self, Tagged, Tags},
};
use crate::{
    cli,
    command::{Ended, Failed},
    report::{Exit, Stdout, Talker},
};

/// The file of the founding design: one tag and a line break.
const PLAIN: &str = ".dev-image-tag";

pub(super) fn run(arguments: &cli::DevTag, talker: &Arc<Talker>) -> Ended {
    let (project, place) = tags::open(&arguments.targets.project, talker)?;
    let locked = lock::read(&place);
    let policy = arguments.targets.policy.or_else(|| locked.as_ref().ok()?.as_ref()?.policy.parse().ok());
    let policy = policy.unwrap_or_default();
    if let Some(name) = &arguments.image
        && !project.config.images.iter().any(|image| image.name == *name)
    {
        let names: Vec<&str> = project.config.images.iter().map(|image| image.name.as_str()).collect();
        return Err(Failed::because(format!("there is no image `{name}`"))
            .hint(format!("the images are {}", names.join(", "))));
    }
    let ours = locked.as_ref().ok().and_then(Option::as_ref).filter(|lock| lock::is_ours(&place, lock));
    let ours = ours.cloned();
    let known = bases::known(ours.as_ref(), arguments.update_bases, &arguments.targets)?;
    let state = place.state.clone();
    let targets = narrowed(arguments)?;
    let read = match Tags::read(&targets, policy, place, known, &project, talker) {
        Err(failed) => return fallback(arguments, &project, &state, failed, talker),
        Ok(read) if policy == Policy::Commit && read.commit.is_none() && arguments.fallback.is_some() => {
            let none = Failed::because("git does not say what the tree is");
            return fallback(arguments, &project, &state, none, talker);
        }
        Ok(read) => read,
    };
    for image in &read.images {
        if let Some(why) = image.why.as_ref().filter(|_| policy == Policy::Commit) {
            talker.note(&format!("the tag of `{}` has a key, because {why}", image.picked.image));
        }
    }
    let shown: Vec<_> = read
        .images
        .iter()
        .filter(|image| arguments.image.as_ref().is_none_or(|name| image.picked.image == *name))
        .collect();
    if let (Some(name), true) = (&arguments.image, shown.is_empty()) {
        return Err(Failed::because(format!("nothing of image `{name}` is selected"))
            .hint("development versions have no development image"));
    }
    if let Some(folder) = &arguments.config_dir {
        let tags: Vec<&str> = shown.iter().map(|image| image.tag.as_str()).collect();
        write_plain(&state, folder, &tags)?;
    }
    if arguments.lock {
        let owner = lock::own(&read.place)?;
        lock::write(&read.place, &owner, &read.lock().after(ours.as_ref()))?;
    }
    if arguments.json {
        Stdout.json(&json(&read, arguments.image.as_deref()))?;
    } else if arguments.image.is_some() {
        let lines: Vec<String> = shown.iter().map(|image| format!("{}\n", image.tag)).collect();
        Stdout.text(&lines.concat())?;
    } else {
        let lines: Vec<String> =
            shown.iter().map(|image| format!("{} {}\n", image.picked.image, image.tag)).collect();
        Stdout.text(&lines.concat())?;
    }
    Ok(Exit::Done)
}

/// Where one image alone is wanted, nothing is asked for others. A lock has all of them.
fn narrowed(arguments: &cli::DevTag) -> Result<cli::DevTargets, Failed> {
    let mut targets = arguments.targets.clone();
    if let (Some(name), false, None) = (&arguments.image, arguments.lock, &targets.image_name) {
        targets.image_name = Some(Selection::expression("IMAGE", &format!("^{}$", regex::escape(name)))?);
    }
    Ok(targets)
}

/// `latest`, where the user wants it so. It is never locked: a lock says what is in an image.
fn fallback(
    arguments: &cli::DevTag,
    project: &crate::command::project::Project,
    state: &State,
    failed: Failed,
    talker: &Talker,
) -> Ended {
    if arguments.fallback.is_none() {
        return Err(failed);
    }
    if arguments.lock {
        return Err(Failed::because("`latest` cannot be locked: it does not say what is in an image")
            .hint("leave --fallback out, or use --policy content"));
    }
    let reasons: Vec<String> = failed.reasons().into_iter().map(|reason| reason.message).collect();
    talker.warning(&format!(
        "the tag is `latest`, which any build in any worktree overwrites without a word: {}",
        reasons.join("; ")
    ));
    if let Some(folder) = &arguments.config_dir {
        write_plain(state, folder, &["latest"])?;
    }
    let images = project.config.images.iter().map(|image| image.name.as_str());
    let images: Vec<&str> =
        images.filter(|name| arguments.image.as_deref().is_none_or(|wanted| wanted == *name)).collect();
    if arguments.json {
        let images: Map<String, Value> =
            images.iter().map(|name| ((*name).to_owned(), json!({ "tag": "latest" }))).collect();
        Stdout.json(&json!({ "version": 1, "fallback": "latest", "images": images }))?;
    } else if arguments.image.is_some() {
        Stdout.text("latest\n")?;
    } else {
        Stdout.text(&images.iter().map(|name| format!("{name} latest\n")).collect::<String>())?;
    }
    Ok(Exit::Done)
}

/// One object, whatever was asked for.
fn json(read: &Tags, image: Option<&str>) -> Value {
    let images: Map<String, Value> = read
        .images
        .iter()
        .filter(|one| image.is_none_or(|name| one.picked.image == name))
        .map(|one| {
            let references: Vec<String> = one
                .picked
                .repositories
                .iter()
                .map(|repository| format!("{repository}:{}", one.tag))
                .collect();
            let platforms: Vec<&str> = one.picked.platforms.iter().map(|p| p.as_str()).collect();
            let described = json!({
                "tag": one.tag.as_str(),
                "key": one.key,
                "clean": one.clean,
                "changed": one.why,
                "bases": bases(one),
                "target": one.picked.target.uid,
                "platforms": platforms,
                "references": references,
            });
            (one.picked.image.clone(), described)
        })
        .collect();
    json!({
        "version": 1,
        "policy": read.policy.as_str(),
        "commit": read.commit.as_ref().map(ToString::to_string),
        "images": images,
    })
}

/// What it is built on: a digest, or nothing where nobody says it.
fn bases(image: &Tagged) -> Map<String, Value> {
    let digest = |name: String| {
        let digest = image.digests.get(&name).map(ToString::to_string);
        (name, json!(digest))
    };
    image.bases.references().map(|reference| digest(bases::full(reference))).collect()
}

/// Writes the plain file in one step, over an older one. It holds one tag, so there must be one.
fn write_plain(state: &State, folder: &Path, tags: &[&str]) -> Result<(), Failed> {
    let path = folder.join(PLAIN);
    let Some((first, rest)) = tags.split_first() else { return Ok(()) };
    if rest.iter().any(|tag| tag != first) {
        return Err(Failed::because(format!(
            "the images have different tags, and `{}` holds one",
            path.display()
        ))
        .hint("name one image, or commit what changed: at a commit all images have one tag"));
    }
    debug_assert!(is_dev_tag(first) || *first == "latest");
    std::fs::create_dir_all(folder)
        .and_then(|()| state.place(&path, format!("{first}\n").as_bytes()))
        .map_err(|error| Failed::because(format!("cannot write `{}`: {error}", path.display())))
}
