//! The manifests of one target: those it read, and those a step made. Bounded; asks nobody.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use bakery_core::model::{Digest, Manifest, Repository};

/// Bytes of all manifests of one target. Real ones have some kilobytes.
const MAX_BYTES: usize = 64 << 20;

/// What one target knows.
#[derive(Default)]
pub(crate) struct Memory {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    manifests: HashMap<Digest, Held>,
    bytes: usize,
}

struct Held {
    manifest: Arc<Manifest>,
    /// Where it was read; none where a step made it.
    from: Option<Repository>,
}

impl Memory {
    /// A manifest by its digest.
    pub(crate) fn get(&self, digest: &Digest) -> Option<Arc<Manifest>> {
        self.known().manifests.get(digest).map(|held| held.manifest.clone())
    }

    /// A manifest that was read in this repository.
    pub(crate) fn read_in(&self, repository: &Repository, digest: &Digest) -> Option<Arc<Manifest>> {
        let known = self.known();
        let held = known.manifests.get(digest)?;
        (held.from.as_ref() == Some(repository)).then(|| held.manifest.clone())
    }

    /// Where a manifest was read.
    pub(crate) fn origin(&self, digest: &Digest) -> Option<Repository> {
        self.known().manifests.get(digest)?.from.clone()
    }

    /// Takes a manifest in, with where it was read. What was read before and made later stays what was read.
    ///
    /// # Errors
    /// There are too many bytes already; gives the bound.
    pub(crate) fn keep(&self, manifest: Arc<Manifest>, from: Option<Repository>) -> Result<(), usize> {
        let mut known = self.known();
        if let Some(held) = known.manifests.get_mut(manifest.digest()) {
            held.from = held.from.take().or(from);
            return Ok(());
        }
        let bytes = known.bytes.saturating_add(manifest.bytes().len());
        if bytes > MAX_BYTES {
            return Err(MAX_BYTES);
        }
        known.bytes = bytes;
        known.manifests.insert(manifest.digest().clone(), Held { manifest, from });
        Ok(())
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use bakery_core::model::media_type;

    use super::*;

    fn manifest(padding: usize) -> Arc<Manifest> {
        let text = format!(
            r#"{{"mediaType":"{}","manifests":[],"annotations":{{"n":"{padding}","pad":"{}"}}}}"#,
            media_type::OCI_INDEX,
            "x".repeat(padding)
        );
        Arc::new(Manifest::parse(text.into_bytes(), None).unwrap())
    }

    #[test]
    fn what_a_step_made_is_not_known_to_lie_anywhere_until_it_is_read_there() {
        let memory = Memory::default();
        let (made, repository) = (manifest(0), "r.example/a".parse::<Repository>().unwrap());
        memory.keep(made.clone(), None).unwrap();
        assert_eq!(memory.get(made.digest()), Some(made.clone()));
        assert_eq!((memory.read_in(&repository, made.digest()), memory.origin(made.digest())), (None, None));
        memory.keep(made.clone(), Some(repository.clone())).unwrap();
        memory.keep(made.clone(), None).unwrap();
        assert!(memory.read_in(&repository, made.digest()).is_some());
        assert!(memory.read_in(&"r.example/b".parse().unwrap(), made.digest()).is_none());
    }

    #[test]
    fn a_guest_cannot_fill_the_memory() {
        let memory = Memory::default();
        let kept = (0..40).filter(|n| memory.keep(manifest((3 << 20) + n), None).is_ok()).count();
        assert_eq!(kept, MAX_BYTES / (3 << 20));
    }
}
