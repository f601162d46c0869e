//! What is published: sources of a registry on loopback, destinations, and what a run of them is granted.

use std::time::Duration;

use bakery_core::{
    model::{Digest, Platform, Reference, Repository, Tag},
    policy::RegistryGrants,
    port::{Destination, StepSource, StepTask, registry::Access},
};
use bakery_fault_registry::{FaultRegistry, Image, ImageBuilder, Script};

/// What is published.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) sources: Vec<StepSource>,
    pub(super) staging: Option<Reference>,
    pub(super) destinations: Vec<Destination>,
    pub(super) annotations: Vec<(String, String)>,
    pub(super) root: bool,
    pub(super) window: Duration,
    pub(super) limit: Duration,
}

impl Plan {
    /// The platforms of an image, pushed by digest, go to `<registry>/<to>` under these tags.
    pub(super) fn of(registry: &FaultRegistry, image: &Image, to: &str, tags: &[&str]) -> Self {
        let from = repository(registry, &image.repository);
        let source = |child: &bakery_fault_registry::Child| StepSource {
            reference: Reference::by_digest(from.clone(), child.manifest.digest.parse().unwrap()),
            platform: child.platform.parse::<Platform>().unwrap(),
        };
        Self {
            // Newest first: not the order of the index.
            sources: image.children.iter().rev().map(source).collect(),
            staging: None,
            destinations: vec![destination(registry, to, tags)],
            annotations: vec![("org.opencontainers.image.version".to_owned(), "2026.05.0".to_owned())],
            root: false,
            window: Duration::from_secs(5),
            limit: Duration::from_secs(60),
        }
    }

    /// The task of a step that tags.
    pub(super) fn task(&self) -> StepTask {
        StepTask {
            uid: "connect-2026-05-0".to_owned(),
            sources: self.sources.clone(),
            staging: self.staging.clone(),
            destinations: self.destinations.clone(),
            annotations: self.annotations.clone(),
            options: "{}".to_owned(),
        }
    }

    /// What its steps may do.
    pub(super) fn grants(&self) -> RegistryGrants {
        let mut grants = RegistryGrants::default();
        for source in &self.sources {
            grants = grants.pull(source.reference.repository().clone());
        }
        for Destination { repository, tags } in &self.destinations {
            grants = grants.push(repository.clone(), tags.clone());
        }
        match &self.staging {
            Some(staging) => grants.push(staging.repository().clone(), staging.tag().cloned()),
            None => grants,
        }
    }

    /// All that its steps do.
    pub(super) fn accesses(&self) -> Vec<Access> {
        let mut accesses: Vec<Access> =
            self.sources.iter().map(|source| Access::pull(source.reference.repository().clone())).collect();
        accesses.extend(self.destinations.iter().map(|one| Access::push(one.repository.clone())));
        accesses.extend(self.staging.iter().map(|one| Access::push(one.repository().clone())));
        accesses
    }

    /// The digest of a source.
    pub(super) fn source(&self, at: usize) -> &Digest {
        self.sources[at].reference.digest().unwrap()
    }
}

/// A registry with the two platforms of an image, pushed by digest, ten layers each.
pub(super) fn registry(script: Script) -> (FaultRegistry, Image) {
    let registry = FaultRegistry::spawn(script).unwrap();
    let image = ImageBuilder::new("team/tmp").layers(10).sources_only().build().unwrap();
    registry.seed(&image).unwrap();
    (registry, image)
}

pub(super) fn repository(registry: &FaultRegistry, name: &str) -> Repository {
    format!("{}/{name}", registry.host()).parse().unwrap()
}

pub(super) fn destination(registry: &FaultRegistry, to: &str, tags: &[&str]) -> Destination {
    let tags = tags.iter().map(|tag| tag.parse::<Tag>().unwrap()).collect();
    Destination { repository: repository(registry, to), tags }
}
