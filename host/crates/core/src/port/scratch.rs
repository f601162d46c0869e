//! What one call gets on disk: a scratch space and credentials for its programs. Data and traits; makes no folder.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use super::{Admission, BoxFuture, Failure, layout::Layouts};
use crate::model::RegistryHost;

/// What one call needs on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpaceOrder {
    /// Bytes of its scratch space; none without it.
    pub bytes: Option<u64>,
    /// By the name of a grant: the registries whose credentials its program needs.
    pub credentials: BTreeMap<String, BTreeSet<RegistryHost>>,
}

impl SpaceOrder {
    /// Whether nothing is needed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_none() && self.credentials.is_empty()
    }
}

/// Where spaces are made.
pub trait ScratchSpaces: Send + Sync {
    /// A fresh space that only this user may enter. Whoever has one may work in it without passing the gate again.
    ///
    /// # Errors
    /// `InvalidInput` where the disk has not the room, or the folder cannot be made; `Unauthorized` where a
    /// credential cannot be found out.
    fn open<'a>(
        &'a self,
        admission: &'a dyn Admission,
        order: &'a SpaceOrder,
    ) -> BoxFuture<'a, Result<Arc<dyn ScratchSpace>, Failure>>;
}

/// A space of one call. It belongs to this process: when that ends, however it ends, the next run removes what is
/// left.
pub trait ScratchSpace: Send + Sync {
    /// The folder for programs; `None` where no bytes were ordered.
    fn folder(&self) -> Option<&Path>;

    /// The folder for `DOCKER_CONFIG` of a grant, outside the scratch space.
    fn docker_config(&self, grant: &str) -> Option<&Path>;

    /// The image layouts in it; `None` where no bytes were ordered.
    fn layouts(&self) -> Option<Arc<dyn Layouts>>;

    /// Completes when more lies in the scratch space than was ordered, with the failure to end its programs with.
    fn overfull(&self) -> BoxFuture<'_, Failure>;

    /// Removes everything. Nothing may run in it any more. Never fails: the next run removes what is left.
    fn remove(&self) -> BoxFuture<'_, ()>;
}
