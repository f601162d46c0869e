//! What was built: images by digest in the temporary repository, and what each is to be called in the end.
//! Knows no file and no command.

use std::collections::BTreeMap;

use bakery_fault_registry::{FaultRegistry, Image, invariants::TagName};

use super::Scenario;

/// Everything that was built in a scenario.
#[derive(Clone, Debug)]
pub struct Built {
    /// One for each version of each image, image by image, oldest version first.
    pub targets: Vec<Target>,
    pub(super) scenario: Scenario,
}

/// One version of an image.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its name in metadata files and reports.
    pub uid: String,
    /// The name of its image.
    pub name: String,
    /// `1.0.0`.
    pub version: String,
    /// Whether it is the latest one.
    pub latest: bool,
    /// Its platforms' manifests and blobs in the temporary repository, without an index.
    pub image: Image,
}

impl Target {
    /// Digests of its sources by platform.
    #[must_use]
    pub fn sources(&self) -> BTreeMap<String, String> {
        let children = self.image.children.iter();
        children.map(|child| (child.platform.clone(), child.manifest.digest.clone())).collect()
    }

    /// The digest of its source for this platform.
    ///
    /// # Panics
    /// When it was not built for it.
    #[must_use]
    pub fn source(&self, platform: &str) -> &str {
        &self.image.platform(platform).expect("the platform was built").manifest.digest
    }
}

impl Built {
    /// Puts everything where the builds pushed it.
    ///
    /// # Panics
    /// When the registry refuses what it made itself.
    pub fn seed(&self, registry: &FaultRegistry) {
        for target in &self.targets {
            registry.seed(&target.image).expect("the registry takes its own images");
        }
    }

    /// The repository that the builds of the first image pushed to, without its registry.
    #[must_use]
    pub fn staging(&self) -> String {
        self.targets.first().map(|target| target.image.repository.clone()).unwrap_or_default()
    }

    /// The repositories that everything goes to, without their registry.
    #[must_use]
    pub fn destinations(&self) -> Vec<String> {
        let mut all: Vec<String> =
            self.targets.iter().flat_map(|target| self.destinations_of(target)).collect();
        all.dedup();
        all
    }

    /// The repositories that one target goes to.
    fn destinations_of(&self, target: &Target) -> Vec<String> {
        self.scenario.namespaces.iter().map(|namespace| format!("{namespace}/{}", target.name)).collect()
    }

    /// Tags that name one version, in any one repository.
    #[must_use]
    pub fn immutable(&self, target: &Target) -> Vec<String> {
        let version = &target.version;
        if self.scenario.one_tag {
            return vec![version.clone()];
        }
        vec![version.clone(), format!("{version}-ubuntu-24.04")]
    }

    /// Tags that move from version to version, in any one repository.
    #[must_use]
    pub fn floating(&self, target: &Target) -> Vec<String> {
        if !target.latest || self.scenario.one_tag {
            return Vec::new();
        }
        vec!["latest".to_owned(), "ubuntu-24.04".to_owned()]
    }

    /// Every tag that the scenario asks for, with the target it must lead to.
    #[must_use]
    pub fn tags(&self) -> BTreeMap<TagName, &Target> {
        let mut all = BTreeMap::new();
        for target in &self.targets {
            for repository in self.destinations_of(target) {
                for tag in self.immutable(target).iter().chain(&self.floating(target)) {
                    all.insert(TagName::new(&repository, tag), target);
                }
            }
        }
        all
    }

    /// The immutable and the floating tags of these targets in one repository.
    #[must_use]
    pub fn classes(&self, repository: &str, targets: &[&Target]) -> (Vec<TagName>, Vec<TagName>) {
        let named = |tags: Vec<String>| tags.into_iter().map(|tag| TagName::new(repository, &tag));
        let immutable = targets.iter().flat_map(|target| named(self.immutable(target)));
        let floating = targets.iter().flat_map(|target| named(self.floating(target)));
        (immutable.collect(), floating.collect())
    }
}
