//! A picture of the content for tests to compare: the truth, without time.
//! It cannot be changed and changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{World, versioned::Versioned};

/// All repositories by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The repositories.
    pub repositories: BTreeMap<String, RepositorySnapshot>,
}

/// What one repository holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositorySnapshot {
    /// Where each tag points.
    pub tags: BTreeMap<String, String>,
    /// Digests of its manifests.
    pub manifests: BTreeSet<String>,
    /// Digests of its blobs.
    pub blobs: BTreeSet<String>,
}

/// A manifest as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredManifest {
    /// Its media type.
    pub media_type: String,
    /// Its bytes, as they were pushed.
    pub bytes: Bytes,
}

impl World {
    /// The truth as it is now.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let repositories = self.repositories.iter().map(|(name, content)| {
            let tags = content
                .tags
                .iter()
                .filter_map(|(tag, place)| Some((tag.clone(), place.truth()?.clone())))
                .collect();
            let held = RepositorySnapshot {
                tags,
                manifests: present(&content.manifests),
                blobs: present(&content.blobs),
            };
            (name.clone(), held)
        });
        Snapshot { repositories: repositories.collect() }
    }
}

fn present<T>(places: &BTreeMap<String, Versioned<T>>) -> BTreeSet<String> {
    places.iter().filter(|(_, place)| place.truth().is_some()).map(|(digest, _)| digest.clone()).collect()
}
