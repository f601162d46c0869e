//! What all targets of a run share: what is on its way, turns for large blobs, and which registries were tried with
//! several tags. Sends nothing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use bakery_core::model::RegistryHost;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::flight::Flights;

/// What all targets of a run share.
pub(crate) struct Shared {
    pub(crate) flights: Flights,
    large: usize,
    registries: Mutex<HashMap<RegistryHost, Registry>>,
}

struct Registry {
    large: Arc<Semaphore>,
    tags: Tags,
}

/// What was found out about several tags with one request.
#[derive(Clone, Copy)]
enum Tags {
    /// Nothing; so many went there one by one.
    Single(u32),
    /// Somebody tries.
    Tried,
}

impl Shared {
    pub(crate) fn new(large: usize) -> Self {
        let large = large.clamp(1, Semaphore::MAX_PERMITS);
        Self { flights: Flights::default(), large, registries: Mutex::default() }
    }

    /// A turn to send a large blob to a registry, in the order of asking.
    pub(crate) async fn large(&self, registry: &RegistryHost) -> OwnedSemaphorePermit {
        let turns = self.with(registry, |registry| registry.large.clone());
        turns.acquire_owned().await.expect("the semaphore of a registry is never closed")
    }

    /// Whether it is time to find out if a registry takes several tags with one request. Says so once.
    pub(crate) fn try_tags(&self, registry: &RegistryHost, after: u32) -> bool {
        self.with(registry, |registry| match registry.tags {
            Tags::Single(sent) if sent >= after => {
                registry.tags = Tags::Tried;
                true
            }
            Tags::Single(_) | Tags::Tried => false,
        })
    }

    /// A tag went to a registry alone.
    pub(crate) fn single_tag(&self, registry: &RegistryHost) {
        self.with(registry, |registry| {
            if let Tags::Single(sent) = &mut registry.tags {
                *sent = sent.saturating_add(1);
            }
        });
    }

    fn with<T>(&self, registry: &RegistryHost, see: impl FnOnce(&mut Registry) -> T) -> T {
        let mut registries = self.registries.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Registry { large: Arc::new(Semaphore::new(self.large)), tags: Tags::Single(0) };
        see(registries.entry(registry.clone()).or_insert_with(fresh))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_tags_are_tried_once_and_not_before_some_went_alone() {
        let shared = Shared::new(1);
        let (one, other) = ("r.example".parse().unwrap(), "s.example".parse().unwrap());
        assert!(!shared.try_tags(&one, 2));
        shared.single_tag(&one);
        shared.single_tag(&one);
        assert!(!shared.try_tags(&other, 2), "each registry for itself");
        assert!(shared.try_tags(&one, 2));
        assert!(!shared.try_tags(&one, 2));
        assert!(shared.try_tags(&other, 0));
    }
}
