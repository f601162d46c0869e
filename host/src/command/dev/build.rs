//! `bakery dev build`: images of the tree as it is, under the tags of the lock. What is hashed is what is built: a tag is
//! given when the inputs have the same key before and after.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bakery_backend::state::Owner;
use bakery_core::plan::{bake::BakeOptions, build::BuildSettings};
use bakery_dev::{
    key::Key,
    lock::{Lock, State},
    store::{KEY, NAMES, REPOSITORY, TEMPORARY},
};
use serde_json::json;

use super::{
    bases,
    force::Force,
    import::{self, Imported, Importing},
    inputs::Tree,
    lock, platforms, stores,
    tags::{self, Tagged, Tags},
    wanted::Wanted,
};
use crate::{
    cli::{DevBuild, env},
    command::{Ended, Failed, build::builder_environment, project::Project},
    report::{Ears, Exit, Stdout, Talker},
    wiring::OpenStore,
};

/// How long another process may give tags.
const PATIENCE: Duration = Duration::from_secs(60);
/// Where buildah writes an id.
const ID_FILE: &str = "dev-build-id";

pub(super) fn run(arguments: &DevBuild, talker: &Arc<Talker>) -> Ended {
    let (project, place) = tags::open(&arguments.targets.project, talker)?;
    let owner = lock::own(&place)?;
    let before = lock::read(&place).map_err(|error| {
        Failed::because(error.to_string()).hint("`bakery dev tag --lock` writes a new one from the tree")
    })?;
    let before = before.filter(|lock| lock::is_ours(&place, lock));
    let policy = arguments.targets.policy.or_else(|| before.as_ref()?.policy.parse().ok());
    let bases = bases::known(before.as_ref(), arguments.update_bases, &arguments.targets)?;
    let read = Tags::read(&arguments.targets, policy.unwrap_or_default(), place, bases, &project, talker)?;
    let names: Vec<String> = read
        .images
        .iter()
        .map(|image| image.picked.image.clone())
        .filter(|name| arguments.image.as_ref().is_none_or(|wanted| wanted == name))
        .collect();
    if let (Some(name), true) = (&arguments.image, names.is_empty()) {
        return Err(Failed::because(format!("there is no development image `{name}`"))
            .hint("`bakery dev tag` lists them"));
    }
    let force = Force::read(arguments.force.as_deref(), &project)?;
    let mut locked = read.lock().building(before.as_ref(), &names);
    for (name, cluster) in names.iter().flat_map(|name| arguments.forget.iter().map(move |one| (name, one))) {
        locked = locked.without_import(name, cluster);
    }
    if let Some(before) = &before {
        tell_new_tags(before, &locked, &names, talker);
    }
    let shared = stores::shared()?;
    let sharing = shared.share(stores::BUILDING).map_err(|error| Failed::because(error.to_string()))?;
    let Some(_sharing) = sharing else {
        return Err(Failed::because("another bakery prunes development images").hint("wait until it is done"));
    };
    Ears::open(talker);
    let targets: Vec<_> = read.images.iter().map(|image| image.picked.target.clone()).collect();
    let commit = read.commit.as_ref().map(ToString::to_string);
    let created = jiff::Zoned::now().datetime().strftime("%Y-%m-%dT%H:%M:%S%.6f").to_string();
    let settings = BuildSettings {
        bake: BakeOptions {
            temp_registry: None,
            cache_registry: None,
            push: false,
            created: &created,
            revision: commit.as_deref(),
            has_variable: &|name| env::project_variable_is_set(name),
        },
        load: true,
        pull: false,
        cache: true,
    };
    let environment = builder_environment(&targets, &settings, &project.folder)?;
    lock::write(&read.place, &owner, &locked)?;
    let mut work = Work { project: &project, read: &read, owner, locked, settings, shared, done: Vec::new() };
    let chosen = arguments.store.or_else(|| before.as_ref().and_then(stores::of_lock));
    let imported = stores::with(chosen, &read.place, environment, talker, async |store| {
        let wanted: Vec<&Tagged> =
            read.images.iter().filter(|image| names.contains(&image.picked.image)).collect();
        platforms::check(store, &wanted).await?;
        for image in wanted {
            work.image(store, image, force.takes(&image.picked.image)).await?;
        }
        let Work { owner, locked, .. } = &mut work;
        let mut importing = Importing { store, place: &read.place, owner, locked, talker };
        importing.all(&names, &arguments.import).await
    })?;
    import::tell_wanted(&work.locked, &names, talker);
    tell(arguments.json, &work, &imported)
}

/// Manifests with the tags before need the new ones.
fn tell_new_tags(before: &Lock, now: &Lock, names: &[String], talker: &Talker) {
    for name in names {
        let (Some(old), Some(new)) = (before.images.get(name), now.images.get(name)) else { continue };
        if old.tag != new.tag {
            talker.note(&format!("`{name}` is locked as `{}` now, no longer as `{}`", new.tag, old.tag));
        }
    }
}

struct Work<'a> {
    project: &'a Project,
    read: &'a Tags,
    owner: Owner,
    locked: Lock,
    settings: BuildSettings<'a>,
    shared: bakery_backend::state::State,
    /// Images, their ids, the store, and whether they were built now.
    done: Vec<(String, String, &'static str, bool)>,
}

impl Work<'_> {
    async fn image(&mut self, store: &OpenStore<'_>, image: &Tagged, force: bool) -> Result<(), Failed> {
        let name = &image.picked.image;
        let Some(locked) = self.locked.images.get(name).cloned() else {
            return Err(Failed::because(format!("the lock has no tag for `{name}`")));
        };
        let wanted = Wanted::new(name, &locked);
        if !force {
            let present = wanted.present(store).await?;
            if let Some((id, _)) = present.found.filter(|_| present.missing.is_empty()) {
                return self.built(name, id, store.name(), false);
            }
        }
        // Intent before effect.
        self.locked = self.locked.clone().begun(name, store.name());
        lock::write(&self.read.place, &self.owner, &self.locked)?;
        let temporary = temporary(&image.key);
        let made = self.make(store, image, &wanted, &temporary, force).await;
        // Its last name goes only where nothing else names it. Where that fails, the lock says so.
        let removed = match store.look(&temporary).await {
            Ok(Some(_)) => store.remove(&temporary).await,
            Ok(None) => Ok(()),
            Err(failed) => Err(failed),
        };
        match made {
            Ok(id) => {
                removed?;
                self.built(name, id, store.name(), true)
            }
            Err(failed) => {
                if removed.is_ok() {
                    self.state(name, State::Planned, None)?;
                }
                Err(failed)
            }
        }
    }

    /// Builds under a temporary name, looks whether the inputs are still the same, and gives the names. Gives the id.
    async fn make(
        &self,
        store: &OpenStore<'_>,
        image: &Tagged,
        wanted: &Wanted<'_>,
        temporary: &str,
        force: bool,
    ) -> Result<String, Failed> {
        let labels = [
            (KEY.to_owned(), image.key.to_string()),
            (NAMES.to_owned(), wanted.references.join(",")),
            (REPOSITORY.to_owned(), stores::repository_label(&self.read.place)),
        ];
        let picked = &image.picked;
        let names = vec![temporary.to_owned()];
        let target = picked.target.clone().renamed(names, picked.platforms.clone(), labels);
        let target = target.pinned(bases::pins(&image.bases, &image.digests));
        let settings = BuildSettings { cache: !force, ..self.settings };
        let id_file = self.read.place.state.path(ID_FILE);
        store.build(&target, &settings, &id_file).await?;
        let Some(built) = store.look(temporary).await? else {
            return Err(Failed::because(format!("{} ended well and left no `{temporary}`", store.name())));
        };
        if built.key().as_ref() != Some(&image.key) {
            return Err(Failed::because(format!("what {} built lacks its label `{KEY}`", store.name())));
        }
        self.is_unchanged(image)?;
        let _tagging = self.tagging(store).await?;
        // Somebody else may have been quicker: a tag names one image, and theirs has the same inputs.
        let (id, from, names) = if force {
            (built.id, temporary.to_owned(), wanted.references.clone())
        } else {
            let present = wanted.present(store).await?;
            match present.found {
                Some((id, from)) => (id, from, present.missing),
                None => (built.id, temporary.to_owned(), present.missing),
            }
        };
        for name in &names {
            store.tag(&from, name).await?;
        }
        match wanted.present(store).await?.found {
            Some((found, _)) if found == id => Ok(id),
            _ => Err(Failed::because(format!("`{}` has another image than it was given", wanted.image))
                .hint("something beside bakery gives tags in this image store; build again")),
        }
    }

    /// Whether the inputs have the same key as before the build.
    fn is_unchanged(&self, image: &Tagged) -> Result<(), Failed> {
        let mut cache = self.read.place.cache();
        let now = Tree::new(&self.project.folder, &mut cache).read(&image.picked)?;
        let name = &image.picked.image;
        let parts = now.parts(&image.picked, &image.digests);
        if parts == image.parts {
            let Some(path) = image.stamps.touched(&now.stamps) else { return Ok(()) };
            return Err(Failed::because(format!(
                "`{path}` was touched while `{name}` was built, so it has no tag: the build may have read something else"
            ))
            .hint("build again when nothing changes"));
        }
        Err(Failed::because(format!(
            "{} of `{}` changed while it was built, so it has no tag",
            parts.changed(&image.parts).join(" and "),
            name
        ))
        .hint("build again when nothing changes"))
    }

    /// The right to give tags, which one process of this user has at a time.
    async fn tagging(&self, store: &OpenStore<'_>) -> Result<Owner, Failed> {
        let began = Instant::now();
        loop {
            let owner = self.shared.own(stores::TAGGING).map_err(|error| {
                Failed::because(format!("`{}`: {error}", self.shared.path(stores::TAGGING).display()))
            })?;
            match owner {
                Some(owner) => return Ok(owner),
                None if began.elapsed() > PATIENCE => {
                    return Err(Failed::because("another bakery gives tags to images and does not end"));
                }
                None => tokio::select! {
                    () = tokio::time::sleep(Duration::from_millis(50)) => {}
                    () = store.cancelled() => return Err(Failed::because("the run was cancelled")),
                },
            }
        }
    }

    fn built(&mut self, name: &str, id: String, store: &'static str, now: bool) -> Result<(), Failed> {
        self.state(name, State::Built, Some((&id, store)))?;
        self.done.push((name.to_owned(), id, store, now));
        Ok(())
    }

    fn state(&mut self, name: &str, state: State, built: Option<(&str, &str)>) -> Result<(), Failed> {
        self.locked = self.locked.clone().with_state(name, state, built);
        lock::write(&self.read.place, &self.owner, &self.locked)
    }
}

/// A name that no other build has.
fn temporary(key: &Key) -> String {
    let nanos = jiff::Timestamp::now().as_nanosecond();
    format!("{TEMPORARY}:{}-{}-{nanos}", key.short(16), std::process::id())
}

fn tell(as_json: bool, work: &Work<'_>, imported: &[Imported]) -> Ended {
    if as_json {
        let images: serde_json::Map<String, serde_json::Value> = work
            .done
            .iter()
            .filter_map(|(name, id, store, now)| {
                let locked = work.locked.images.get(name)?;
                let described = json!({
                    "tag": locked.tag,
                    "key": locked.key,
                    "references": locked.references(),
                    "store": store,
                    "id": id,
                    "built": now,
                    "clusters": import::described(imported, name),
                });
                Some((name.clone(), described))
            })
            .collect();
        Stdout.json(&json!({ "version": 1, "images": images }))?;
    } else {
        let line = |(name, _, _, now): &(String, String, &str, bool)| {
            let tag = work.locked.images.get(name).map_or("", |image| image.tag.as_str());
            format!("{name} {tag} {}\n", if *now { "built" } else { "present" })
        };
        let lines = work.done.iter().map(|one| line(one) + &import::lines(imported, &one.0, &work.locked));
        Stdout.text(&lines.collect::<String>())?;
    }
    Ok(Exit::Done)
}
