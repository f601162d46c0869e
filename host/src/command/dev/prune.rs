//! `bakery dev prune`: names of images that no worktree's lock has. Without `--yes` it only says which.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use bakery_backend::files;
use bakery_dev::{
    lock::{Lock, MAX_BYTES},
    prune::{Unneeded, unneeded},
    store::REPOSITORY,
};
use serde_json::json;

use super::{lock, place::Place, stores, tags};
use crate::{
    cli::{DevPrune, env},
    command::{Ended, Failed},
    report::{Ears, Exit, Stdout, Talker, escape},
};

pub(super) fn run(arguments: &DevPrune, talker: &Arc<Talker>) -> Ended {
    let (_, place) = tags::open(&arguments.project, talker)?;
    Ears::open(talker);
    let shared = stores::shared()?;
    let owner = shared.own(stores::BUILDING).map_err(|error| Failed::because(error.to_string()))?;
    let Some(_owner) = owner else {
        return Err(Failed::because("another bakery builds development images").hint("wait until it is done"));
    };
    let locks = locks(&place)?;
    let label = stores::repository_label(&place);
    let own = lock::read(&place).ok().flatten();
    let chosen = arguments.store.or_else(|| own.as_ref().and_then(stores::of_lock));
    let names = stores::with(chosen, &place, env::for_builders(&[]), talker, async |store| {
        let mut images = Vec::new();
        for listed in store.list(REPOSITORY, &label).await? {
            if let Some(image) = store.look(&listed.id).await? {
                images.push((listed, image));
            }
        }
        let names = unneeded(&images, &locks);
        if arguments.yes {
            for one in &names {
                store.remove(&one.name).await?;
            }
        }
        Ok(names)
    })?;
    if arguments.json {
        let described: Vec<_> = names.iter().map(|one| json!({ "name": one.name, "id": one.id })).collect();
        Stdout.json(&json!({ "version": 1, "removed": arguments.yes, "images": described }))?;
        return Ok(Exit::Done);
    }
    let line = |one: &Unneeded| format!("{} {}\n", escape::line(&one.name), escape::line(&one.id));
    Stdout.text(&names.iter().map(line).collect::<String>())?;
    if !arguments.yes && !names.is_empty() {
        talker.note("nothing was removed: --yes removes these");
    }
    Ok(Exit::Done)
}

/// The locks of all worktrees of the repository, and of all projects in them. One that cannot be read may name
/// anything, so nothing is removed then.
fn locks(place: &Place) -> Result<Vec<Lock>, Failed> {
    let common = place.common();
    let mut folders = vec![place.state.folder().to_owned()];
    let mut privates = vec![common.to_owned()];
    privates.extend(below(&common.join("worktrees"))?);
    for private in privates {
        let bakery = private.join("bakery");
        folders.extend(below(&bakery)?);
        folders.push(bakery);
    }
    folders.sort();
    folders.dedup();
    let mut locks = Vec::new();
    for folder in folders {
        let file = folder.join(lock::FILE);
        let wrong = |why: String| {
            Failed::because(format!("`{}`: {why}, so nothing is removed", file.display()))
                .hint("`bakery dev tag --lock` in its worktree writes a new one")
        };
        match files::read_bounded(&file, MAX_BYTES) {
            Ok(bytes) => locks.push(Lock::from_bytes(&bytes).map_err(|error| wrong(error.to_string()))?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(wrong(error.to_string())),
        }
    }
    Ok(locks)
}

/// The folders in a folder; none where it is not there.
fn below(folder: &Path) -> Result<Vec<PathBuf>, Failed> {
    let wrong = |error: std::io::Error| {
        Failed::because(format!("`{}`: {error}, so nothing is removed", folder.display()))
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(wrong(error)),
    };
    let mut folders = Vec::new();
    for entry in entries {
        let entry = entry.map_err(wrong)?;
        if entry.file_type().map_err(wrong)?.is_dir() {
            folders.push(entry.path());
        }
    }
    Ok(folders)
}
