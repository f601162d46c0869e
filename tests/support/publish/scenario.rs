//! What shall have been built: how many versions of one image, for which platforms, out of how many layers, and where
//! they shall go. Writes nothing.

use bakery_fault_registry::ImageBuilder;

use super::built::{Built, Target};

/// One image in some versions. The last version is the latest.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub(super) image: String,
    pub(super) versions: usize,
    pub(super) namespaces: Vec<String>,
    pub(super) platforms: Vec<String>,
    pub(super) one_tag: bool,
    layers: usize,
    layer_bytes: usize,
    base_layers: usize,
}

impl Default for Scenario {
    fn default() -> Self {
        Self::new()
    }
}

impl Scenario {
    /// One version of `app` for `linux/amd64` and `linux/arm64`, one small layer each, for one repository.
    #[must_use]
    pub fn new() -> Self {
        Self {
            image: "app".to_owned(),
            versions: 1,
            namespaces: vec!["images".to_owned()],
            platforms: vec!["linux/amd64".to_owned(), "linux/arm64".to_owned()],
            one_tag: false,
            layers: 1,
            layer_bytes: 256,
            base_layers: 0,
        }
    }

    /// So many versions: `1.0.0`, `1.1.0`, …
    #[must_use]
    pub fn versions(mut self, count: usize) -> Self {
        self.versions = count;
        self
    }

    /// To these namespaces of the registry; the first part of a destination's name.
    #[must_use]
    pub fn namespaces(mut self, names: &[&str]) -> Self {
        self.namespaces = names.iter().map(|&name| name.to_owned()).collect();
        self
    }

    /// For these platforms.
    #[must_use]
    pub fn platforms(mut self, platforms: &[&str]) -> Self {
        self.platforms = platforms.iter().map(|&platform| platform.to_owned()).collect();
        self
    }

    /// Out of so many layers of its own for each version and platform.
    #[must_use]
    pub fn layers(mut self, count: usize) -> Self {
        self.layers = count;
        self
    }

    /// About so many bytes in each layer.
    #[must_use]
    pub fn layer_bytes(mut self, bytes: usize) -> Self {
        self.layer_bytes = bytes;
        self
    }

    /// Below them so many layers that all versions share.
    #[must_use]
    pub fn base_layers(mut self, count: usize) -> Self {
        self.base_layers = count;
        self
    }

    /// With the version as the only tag, also of the latest one.
    #[must_use]
    pub fn one_tag(mut self) -> Self {
        self.one_tag = true;
        self
    }

    /// Builds it: the same bytes every time.
    ///
    /// # Panics
    /// When memory runs out.
    #[must_use]
    pub fn build(self) -> Built {
        let platforms: Vec<&str> = self.platforms.iter().map(String::as_str).collect();
        let repository = format!("tmp/{}/tmp", self.image);
        let targets = (0..self.versions).map(|number| {
            let image = ImageBuilder::new(&repository)
                .platforms(&platforms)
                .base(1, self.base_layers)
                .layers(self.layers)
                .layer_bytes(self.layer_bytes)
                .seed(number as u64 + 1)
                .sources_only()
                .build()
                .expect("an image is made in memory");
            let version = format!("1.{number}.0");
            let uid = format!("{}-{}-ubuntu-24-04", self.image, version.replace('.', "-"));
            Target { uid, version, latest: number + 1 == self.versions, image }
        });
        let targets = targets.collect();
        Built { targets, scenario: self }
    }
}
