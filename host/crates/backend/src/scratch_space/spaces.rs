//! Makes the spaces of calls: room is looked for first, what dead runs left goes first. Knows who waits for the last.

use std::{
    collections::BTreeMap,
    fs::OpenOptions,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use bakery_core::port::{
    Admission, BoxFuture, Failure, FailureKind,
    scratch::{ScratchSpace, ScratchSpaces, SpaceOrder},
};
use tokio::sync::{OnceCell, watch};

use super::{own::OwnFolder, space::SUBJECT, space::Space, sweep::sweep};
use crate::registry::Credentials;

/// Spaces below one folder.
pub struct ScratchFolders {
    base: PathBuf,
    credentials: Arc<Credentials>,
    swept: OnceCell<()>,
    /// What living spaces were promised.
    promised: watch::Sender<Promises>,
}

/// Bytes that a space was promised, and how many of them it has taken.
type Promises = BTreeMap<u64, (u64, u64)>;

/// The promise to one space; it ends when this is dropped.
pub(super) struct Promise {
    id: u64,
    promised: watch::Sender<Promises>,
}

impl Promise {
    /// Says how much of it is taken.
    pub(super) fn used(&self, bytes: u64) {
        self.promised.send_if_modified(|promises| {
            promises
                .get_mut(&self.id)
                .is_some_and(|promise| std::mem::replace(&mut promise.1, bytes) != bytes)
        });
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.promised.send_if_modified(|promises| promises.remove(&self.id).is_some());
    }
}

impl ScratchFolders {
    /// Spaces below `base`, an absolute path of a folder that exists, with these credentials for programs that need
    /// some. Looks at nothing yet.
    #[must_use]
    pub fn new(base: PathBuf, credentials: Arc<Credentials>) -> Self {
        Self { base, credentials, swept: OnceCell::new(), promised: watch::Sender::default() }
    }

    /// Completes when no space is left, those that nobody waits for included.
    pub async fn settled(&self) {
        // The sender lives as long as `self`, so there is always an answer.
        let _ = self.promised.subscribe().wait_for(BTreeMap::is_empty).await;
    }

    async fn make(&self, order: &SpaceOrder) -> Result<Arc<dyn ScratchSpace>, Failure> {
        self.swept.get_or_init(|| self.sweep()).await;
        let mut configs = BTreeMap::new();
        for (grant, registries) in &order.credentials {
            configs.insert(grant.clone(), self.credentials.docker_config_for(registries).await?);
        }
        let promise = Arc::new(self.promise(order.bytes.unwrap_or(0)).await?);
        let (base, bytes) = (self.base.clone(), order.bytes);
        let made = tokio::task::spawn_blocking(move || make(&base, bytes, &configs, promise)).await;
        let made = made.unwrap_or_else(|_| Err(io::Error::other("the run ended")));
        made.map(|space| Arc::new(space) as Arc<dyn ScratchSpace>).map_err(|error| {
            let message = format!("cannot make a folder below `{}`: {error}", self.base.display());
            Failure::new(FailureKind::InvalidInput, SUBJECT, message).with_hint(ELSEWHERE)
        })
    }

    async fn sweep(&self) {
        let base = self.base.clone();
        let swept = tokio::task::spawn_blocking(move || sweep(&base)).await.unwrap_or(0);
        if swept > 0 {
            tracing::debug!(folders = swept, "removed what earlier runs had left");
        }
    }

    /// Waits until there is room beside what living spaces may still take.
    async fn promise(&self, bytes: u64) -> Result<Promise, Failure> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let mut changes = self.promised.subscribe();
        loop {
            let free = free(&self.base).map_err(|error| {
                let message = format!("cannot look for room below `{}`: {error}", self.base.display());
                Failure::new(FailureKind::InvalidInput, SUBJECT, message).with_hint(ELSEWHERE)
            })?;
            if bytes > free && changes.borrow_and_update().is_empty() {
                let message = format!(
                    "`{}` has {free} bytes left, and a scratch space of {bytes} is needed",
                    self.base.display()
                );
                return Err(Failure::new(FailureKind::InvalidInput, SUBJECT, message).with_hint(ELSEWHERE));
            }
            let id = NEXT.fetch_add(1, Ordering::Relaxed);
            let fits = self.promised.send_if_modified(|promises| {
                let open = promises
                    .values()
                    .fold(bytes, |sum, (promised, used)| sum.saturating_add(promised.saturating_sub(*used)));
                let fits = bytes == 0 || open <= free;
                if fits {
                    promises.insert(id, (bytes, 0));
                }
                fits
            });
            if fits {
                return Ok(Promise { id, promised: self.promised.clone() });
            }
            // Somebody takes what was promised, or goes.
            let _ = changes.changed().await;
        }
    }
}

impl ScratchSpaces for ScratchFolders {
    fn open<'a>(
        &'a self,
        _admission: &'a dyn Admission,
        order: &'a SpaceOrder,
    ) -> BoxFuture<'a, Result<Arc<dyn ScratchSpace>, Failure>> {
        Box::pin(self.make(order))
    }
}

/// What helps where there is no room.
const ELSEWHERE: &str = "make room there, or name a folder with room in the variable BAKERY_SCRATCH_DIR";

fn make(
    base: &Path,
    bytes: Option<u64>,
    configs: &BTreeMap<String, Vec<u8>>,
    promise: Arc<Promise>,
) -> io::Result<Space> {
    let own = OwnFolder::make(base)?;
    let top = own.path().to_owned();
    let filled = fill(&own, bytes, configs);
    match filled {
        Ok((scratch, docker)) => Ok(Space { top, scratch, docker, held: Mutex::new(Some((own, promise))) }),
        Err(error) => {
            // The next run removes what is left.
            let _ = super::remove::remove_tree(&top);
            Err(error)
        }
    }
}

type Filled = (Option<(PathBuf, u64)>, BTreeMap<String, PathBuf>);

fn fill(own: &OwnFolder, bytes: Option<u64>, configs: &BTreeMap<String, Vec<u8>>) -> io::Result<Filled> {
    let scratch = bytes.map(|bytes| own.folder("space").map(|folder| (folder, bytes))).transpose()?;
    let mut docker = BTreeMap::new();
    for (number, (grant, config)) in configs.iter().enumerate() {
        // A grant's name is no name of a file.
        let folder = own.folder(&format!("docker-{number}"))?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        options.open(folder.join("config.json"))?.write_all(config)?;
        docker.insert(grant.clone(), folder);
    }
    Ok((scratch, docker))
}

/// Bytes that this user may still write below a folder.
fn free(folder: &Path) -> io::Result<u64> {
    let system = rustix::fs::statvfs(folder)?;
    Ok(system.f_bavail.saturating_mul(system.f_frsize))
}
