//! What the commands for development images do with an image store: opening it, looking at what the lock names.

use std::{ffi::OsString, path::PathBuf, sync::Arc};

use bakery_backend::state::State;
use bakery_core::{model::Digest, policy::RetryPolicy};
use bakery_dev::{
    check::{Content, Holder, Stored},
    lock::Lock,
};
use clap::ValueEnum as _;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::place::Place;
use crate::{
    cli::{BuilderKind, env},
    command::Failed,
    report::{BuildProgress, Talker},
    wiring::{Clusters, Edge, OpenStore, Storing, absolute},
};

/// The file that whoever builds shares, and whoever prunes owns.
pub(super) const BUILDING: &str = "dev-building";
/// Names that are looked up at the same time.
const AT_ONCE: usize = 8;
/// The file that whoever gives tags owns.
pub(super) const TAGGING: &str = "dev-tagging";

/// Works with a store.
pub(super) fn with<T>(
    store: Option<BuilderKind>,
    place: &Place,
    environment: Vec<(OsString, OsString)>,
    talker: &Arc<Talker>,
    work: impl AsyncFnOnce(&OpenStore<'_>) -> Result<T, Failed>,
) -> Result<T, Failed> {
    prepared(store, place, environment, talker, |edge, how| edge.with_store(how, work))
}

/// Works with clusters alone.
pub(super) fn with_clusters<T>(
    place: &Place,
    talker: &Arc<Talker>,
    work: impl AsyncFnOnce(&Clusters<'_>) -> Result<T, Failed>,
) -> Result<T, Failed> {
    prepared(None, place, env::for_builders(&[]), talker, |edge, how| edge.with_clusters(how, work))
}

fn prepared<T>(
    store: Option<BuilderKind>,
    place: &Place,
    environment: Vec<(OsString, OsString)>,
    talker: &Arc<Talker>,
    work: impl FnOnce(&Edge, &Storing<'_>) -> Result<T, Failed>,
) -> Result<T, Failed> {
    let project = absolute(&place.folder())?;
    let edge = Edge::to_registries(std::num::NonZeroUsize::MIN, RetryPolicy::default(), &project, talker);
    let progress = BuildProgress::new(talker);
    let path = env::PATH.read_os().unwrap_or_default();
    work(&edge, &Storing { store, project: &project, environment, path, progress: &progress })
}

/// The store that a lock names.
pub(super) fn of_lock(lock: &Lock) -> Option<BuilderKind> {
    let named = lock.images.values().find_map(|image| image.store.as_deref())?;
    BuilderKind::from_str(named, false).ok()
}

/// What the store has under every name of the lock.
pub(super) async fn stored(store: &OpenStore<'_>, lock: &Lock) -> Result<Vec<Stored>, Failed> {
    let names = lock.images.iter().flat_map(|(name, image)| {
        image.references().into_iter().map(move |reference| (name.clone(), reference))
    });
    stream::iter(names)
        .map(async |(image, reference)| {
            let found = store.look(&reference).await?;
            let content =
                found.map(|found| Content { key: found.key().map(|key| key.to_string()), id: found.id });
            let (store, holder) = (store.name().to_owned(), Holder::Machine);
            Ok(Stored { store, holder, image, reference, content })
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

/// The folder that all worktrees of a user share.
pub(super) fn shared() -> Result<State, Failed> {
    let below = |home: OsString| PathBuf::from(home).join(".local/state");
    let state = env::STATE_HOME.read_os().map(PathBuf::from).filter(|path| path.is_absolute());
    let state = state.or_else(|| env::HOME.read_os().map(below));
    let state = state.ok_or_else(|| {
        Failed::because("there is no folder for what builds of this user share")
            .hint("set HOME, or XDG_STATE_HOME")
    })?;
    Ok(State::at(state.join("bakery")))
}

/// What images say of the repository that they were built from. Its path stays here.
pub(super) fn repository_label(place: &Place) -> String {
    Digest::of(place.common().to_string_lossy().as_bytes()).hex().to_owned()
}
