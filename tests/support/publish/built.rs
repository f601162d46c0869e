//! What was built: images by digest in the temporary repository, and what each is to be called in the end.
//! Knows no file and no command.

use std::collections::BTreeMap;

use bakery_fault_registry::{FaultRegistry, Image, invariants::TagName};

use super::Scenario;

/// Everything that was built in a scenario.
#[derive(Clone, Debug)]
pub struct Built {
    /// One for each version, oldest first.
    pub targets: Vec<Target>,
    pub(super) scenario: Scenario,
}

/// One version of the image.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its name in metadata files and reports.
    pub uid: String,
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

    /// The repository that the builds pushed to, without its registry.
    #[must_use]
    pub fn staging(&self) -> String {
        format!("tmp/{0}/tmp", self.scenario.image)
    }

    /// The repositories that it goes to, without their registry.
    #[must_use]
    pub fn destinations(&self) -> Vec<String> {
        let Scenario { namespaces, image, .. } = &self.scenario;
        namespaces.iter().map(|namespace| format!("{namespace}/{image}")).collect()
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
        for repository in self.destinations() {
            for target in &self.targets {
                for tag in self.immutable(target).iter().chain(&self.floating(target)) {
                    all.insert(TagName::new(&repository, tag), target);
                }
            }
        }
        all
    }

    /// The immutable and the floating tags of one repository, over all targets.
    #[must_use]
    pub fn classes(&self, repository: &str) -> (Vec<TagName>, Vec<TagName>) {
        let named = |tags: Vec<String>| tags.into_iter().map(|tag| TagName::new(repository, &tag));
        let immutable = self.targets.iter().flat_map(|target| named(self.immutable(target)));
        let floating = self.targets.iter().flat_map(|target| named(self.floating(target)));
        (immutable.collect(), floating.collect())
    }
}
