//! Remembers what repositories said they hold. Only positive facts: what was absent a moment ago may be there now.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use bakery_core::model::{Digest, Repository};

/// Facts of one run.
#[derive(Default)]
pub(super) struct Memory {
    facts: Mutex<Facts>,
}

#[derive(Default)]
struct Facts {
    held: HashMap<Repository, HashSet<Digest>>,
    /// From, to: between these nothing is mounted.
    no_mounts: HashSet<(Repository, Repository)>,
    at_work: HashMap<(Repository, Digest), Arc<tokio::sync::Mutex<()>>>,
}

/// The right to bring a blob into a repository: others who want the same wait until it is dropped.
pub(super) struct Claim<'a> {
    memory: &'a Memory,
    key: (Repository, Digest),
    lock: Arc<tokio::sync::Mutex<()>>,
    guard: Option<tokio::sync::OwnedMutexGuard<()>>,
}

impl Memory {
    /// Whether the repository said that it holds this.
    pub(super) fn holds(&self, repository: &Repository, digest: &Digest) -> bool {
        self.facts().held.get(repository).is_some_and(|held| held.contains(digest))
    }

    /// The repository said so.
    pub(super) fn learn(&self, repository: &Repository, digest: &Digest) {
        let mut facts = self.facts();
        if let Some(held) = facts.held.get_mut(repository) {
            held.insert(digest.clone());
        } else {
            facts.held.insert(repository.clone(), HashSet::from([digest.clone()]));
        }
    }

    /// The repository said otherwise.
    pub(super) fn forget<'a>(&self, repository: &Repository, digests: impl Iterator<Item = &'a Digest>) {
        if let Some(held) = self.facts().held.get_mut(repository) {
            for digest in digests {
                held.remove(digest);
            }
        }
    }

    /// Whether a mount between two repositories was refused for good.
    pub(super) fn never_mounts(&self, from: &Repository, to: &Repository) -> bool {
        self.facts().no_mounts.contains(&(from.clone(), to.clone()))
    }

    /// It was.
    pub(super) fn refuse_mounts(&self, from: &Repository, to: &Repository) {
        self.facts().no_mounts.insert((from.clone(), to.clone()));
    }

    /// Waits until nobody else brings this blob into this repository; `None` when somebody has.
    pub(super) async fn claim(&self, repository: &Repository, digest: &Digest) -> Option<Claim<'_>> {
        if self.holds(repository, digest) {
            return None;
        }
        let key = (repository.clone(), digest.clone());
        let lock = self.facts().at_work.entry(key.clone()).or_default().clone();
        let mut claim = Claim { memory: self, key, lock: lock.clone(), guard: None };
        claim.guard = Some(lock.lock_owned().await);
        (!self.holds(repository, digest)).then_some(claim)
    }

    fn facts(&self) -> std::sync::MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.guard = None;
        let mut facts = self.memory.facts();
        // One count is the map's, one is ours.
        if Arc::strong_count(&self.lock) <= 2 {
            facts.at_work.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob() -> (Repository, Digest) {
        ("r.example/a".parse().unwrap(), Digest::of(b"x"))
    }

    #[test]
    fn a_fact_is_kept_per_repository_until_it_is_contradicted() {
        let memory = Memory::default();
        let (repository, digest) = blob();
        memory.learn(&repository, &digest);
        assert!(memory.holds(&repository, &digest));
        assert!(!memory.holds(&"r.example/b".parse().unwrap(), &digest));
        memory.forget(&repository, std::iter::once(&digest));
        assert!(!memory.holds(&repository, &digest));
    }

    #[tokio::test]
    async fn who_waits_for_a_claim_gets_none_when_the_blob_arrived() {
        let memory = Arc::new(Memory::default());
        let (repository, digest) = blob();
        let claim = memory.claim(&repository, &digest).await.unwrap();
        let waiting = tokio::spawn({
            let (memory, repository, digest) = (memory.clone(), repository.clone(), digest.clone());
            async move { memory.claim(&repository, &digest).await.is_none() }
        });
        tokio::task::yield_now().await;
        memory.learn(&repository, &digest);
        drop(claim);
        assert!(waiting.await.unwrap());
        assert!(memory.facts().at_work.is_empty(), "nothing is left behind");
    }

    #[tokio::test]
    async fn who_waits_for_a_claim_gets_it_when_the_first_one_failed() {
        let memory = Memory::default();
        let (repository, digest) = blob();
        let claim = memory.claim(&repository, &digest).await.unwrap();
        let waiting = memory.claim(&repository, &digest);
        let first_ends = async { drop(claim) };
        let (second, ()) = tokio::join!(waiting, first_ends);
        assert!(second.is_some());
        drop(second);
        assert!(memory.facts().at_work.is_empty());
    }
}
