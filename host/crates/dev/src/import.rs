//! How far an image is in a cluster, as a lock remembers it. Asks no cluster: what nodes have is theirs to say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    cluster::Cluster,
    lock::{Lock, LockedImage},
};

/// An image and a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Import {
    /// How far it is.
    pub state: ImportState,
    /// Digest of the configuration that every node had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
}

/// How far an image is in a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImportState {
    /// An image before it was there, or an import failed: this one is to get there.
    Wanted,
    /// An import began.
    Importing,
    /// Every node had it.
    Imported,
}

impl Import {
    /// It is to get there.
    #[must_use]
    pub fn wanted() -> Self {
        Self { state: ImportState::Wanted, config: None }
    }

    /// It is on its way.
    #[must_use]
    pub fn begun() -> Self {
        Self { state: ImportState::Importing, config: None }
    }

    /// Every node has it, with this configuration.
    #[must_use]
    pub fn proven(config: String) -> Self {
        Self { state: ImportState::Imported, config: Some(config) }
    }
}

impl Lock {
    /// The same with an image that is as far as this in a cluster.
    #[must_use]
    pub fn with_import(mut self, image: &str, cluster: &Cluster, import: Import) -> Self {
        self.generation = self.generation.saturating_add(1);
        if let Some(image) = self.images.get_mut(image) {
            image.clusters.insert(cluster.clone(), import);
        }
        self
    }

    /// The same with an image that is for a cluster no more.
    #[must_use]
    pub fn without_import(mut self, image: &str, cluster: &Cluster) -> Self {
        self.generation = self.generation.saturating_add(1);
        if let Some(image) = self.images.get_mut(image) {
            image.clusters.remove(cluster);
        }
        self
    }
}

impl LockedImage {
    /// What clusters have is another image now. What is on its way there may be either.
    pub(crate) fn is_another(&mut self) {
        for import in self.clusters.values_mut().filter(|import| import.state == ImportState::Imported) {
            *import = Import::wanted();
        }
    }

    /// It is for the clusters that the image before it was for.
    pub(crate) fn is_wanted_in(&mut self, clusters: &BTreeMap<Cluster, Import>) {
        self.clusters = clusters.keys().map(|cluster| (cluster.clone(), Import::wanted())).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        lock::{
            State,
            tests::{parts, sample},
        },
        tag::Policy,
    };

    fn kind() -> Cluster {
        "kind".parse().unwrap()
    }

    fn imported() -> Lock {
        let lock = sample().with_state("connect", State::Built, Some(("sha256:1", "docker")));
        lock.with_import("connect", &kind(), Import::proven("sha256:2".to_owned()))
    }

    fn state(lock: &Lock) -> ImportState {
        lock.images["connect"].clusters[&kind()].state
    }

    #[test]
    fn a_lock_with_clusters_reads_back_and_one_without_has_no_word_of_them() {
        let lock = imported();
        let bytes = lock.to_bytes();
        assert_eq!(Lock::from_bytes(&bytes), Ok(lock.clone()));
        assert!(String::from_utf8(bytes).unwrap().contains("\"kind:kind\": {"));
        let without = lock.without_import("connect", &kind());
        assert!(!String::from_utf8(without.to_bytes()).unwrap().contains("clusters"));
    }

    #[test]
    fn what_is_built_anew_is_in_no_cluster_until_that_is_proven() {
        let same = imported().with_state("connect", State::Built, Some(("sha256:1", "docker")));
        assert_eq!(state(&same), ImportState::Imported);
        for (next, built) in
            [(State::Built, Some(("sha256:9", "docker"))), (State::Building, None), (State::Planned, None)]
        {
            let lock = imported().with_state("connect", next, built);
            assert_eq!(lock.images["connect"].clusters[&kind()], Import::wanted());
        }
        let begun = imported().with_import("connect", &kind(), Import::begun());
        assert_eq!(state(&begun.with_state("connect", State::Building, None)), ImportState::Importing);
    }

    #[test]
    fn a_cluster_stays_the_locks_and_has_not_the_image_of_another_tag() {
        let before = imported();
        assert_eq!(state(&sample().after(Some(&before))), ImportState::Imported);
        let names = ["connect".to_owned()];
        assert_eq!(state(&sample().building(Some(&before), &names)), ImportState::Imported);
        let mut other = sample();
        let image = other.images.get_mut("connect").unwrap();
        image.key = parts(b"FROM other").key();
        assert_eq!(state(&other.clone().after(Some(&before))), ImportState::Wanted);
        assert_eq!(state(&other.building(Some(&before), &names)), ImportState::Wanted);
        let mut moved = sample();
        moved.images.get_mut("connect").unwrap().tag = "dev-aaaaaaaaaaaa".to_owned();
        assert_eq!(state(&moved.after(Some(&before))), ImportState::Wanted);
        let mut policy = sample();
        policy.policy = Policy::Content.to_string();
        assert_eq!(state(&policy.building(Some(&before), &names)), ImportState::Wanted);
    }
}
