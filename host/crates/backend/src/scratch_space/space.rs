//! The space of one call: its folder, its credentials, its bound, its end. Makes none of them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bakery_core::port::{BoxFuture, Failure, FailureKind, layout::Layouts, scratch::ScratchSpace};

use super::{
    layouts::Folder,
    own::OwnFolder,
    remove::remove_tree,
    spaces::Promise,
    usage::{Usage, measure},
};

/// Between two looks at how much lies in a space. A program that writes faster than a disk does not get far meanwhile.
const LOOK: Duration = Duration::from_millis(250);

/// The space of one call.
pub(super) struct Space {
    /// Where all of it lies.
    pub(super) top: PathBuf,
    /// The scratch space, and its bytes.
    pub(super) scratch: Option<(PathBuf, u64)>,
    /// Folders for `DOCKER_CONFIG`, by grant.
    pub(super) docker: BTreeMap<String, PathBuf>,
    /// What keeps it ours; nothing once it is removed.
    pub(super) held: Mutex<Option<(OwnFolder, Arc<Promise>)>>,
}

impl Space {
    fn promise(&self) -> Option<Arc<Promise>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|(_, promise)| promise.clone())
    }
}

impl ScratchSpace for Space {
    fn folder(&self) -> Option<&Path> {
        self.scratch.as_ref().map(|(folder, _)| folder.as_path())
    }

    fn docker_config(&self, grant: &str) -> Option<&Path> {
        self.docker.get(grant).map(PathBuf::as_path)
    }

    fn layouts(&self) -> Option<Arc<dyn Layouts>> {
        let (folder, bytes) = self.scratch.as_ref()?;
        Some(Arc::new(Folder::new(folder, *bytes)))
    }

    fn overfull(&self) -> BoxFuture<'_, Failure> {
        Box::pin(async move {
            let Some((folder, bound)) = &self.scratch else { return std::future::pending().await };
            loop {
                tokio::time::sleep(LOOK).await;
                let place = folder.clone();
                let looked = tokio::task::spawn_blocking(move || measure(&place)).await;
                // One that cannot be opened any more holds nothing that could grow.
                let Ok(Ok(usage)) = looked else { continue };
                if let (Usage::Bytes(used), Some(promise)) = (usage, self.promise()) {
                    promise.used(used);
                }
                if let Some(failure) = too_full(usage, *bound) {
                    return failure;
                }
            }
        })
    }

    fn remove(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).take();
            let Some(held) = held else { return };
            let top = self.top.clone();
            // A task of its own: it ends its work also when nobody waits for it any more.
            let removing = tokio::task::spawn_blocking(move || {
                if let Err(error) = remove_tree(&top) {
                    tracing::warn!(folder = %top.display(), %error, "cannot be removed: the next run tries again");
                }
                drop(held);
            });
            // It does not panic, and the runtime ends after it.
            let _ = removing.await;
        })
    }
}

/// Why programs must end, where they must.
fn too_full(usage: Usage, bound: u64) -> Option<Failure> {
    let what = match usage {
        Usage::Bytes(bytes) if bytes > bound => {
            format!("holds {bytes} bytes, more than the {bound} that it was given")
        }
        Usage::Bytes(_) => return None,
        Usage::TooMany => "holds more files than are counted".to_owned(),
        Usage::TooDeep => "holds folders that lie too deep".to_owned(),
    };
    Some(Failure::new(FailureKind::InvalidInput, SUBJECT, format!("the scratch space {what}")))
}

/// The subject of failures about scratch spaces.
pub(super) const SUBJECT: &str = "scratch space";
