//! What shall have been built: how many images in how many versions, for which platforms, out of how many layers, and
//! where they shall go. Writes nothing.

use bakery_fault_registry::ImageBuilder;

use super::built::{Built, Target};

/// Some images in some versions. The last version of each is the latest.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub(super) images: usize,
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
            images: 1,
            versions: 1,
            namespaces: vec!["images".to_owned()],
            platforms: vec!["linux/amd64".to_owned(), "linux/arm64".to_owned()],
            one_tag: false,
            layers: 1,
            layer_bytes: 256,
            base_layers: 0,
        }
    }

    /// So many images: `app`, `app-1`, …
    #[must_use]
    pub fn images(mut self, count: usize) -> Self {
        self.images = count;
        self
    }

    /// So many versions of each: `1.0.0`, `1.1.0`, …
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

    /// Below them so many layers that all images and versions share.
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
        let pairs =
            (0..self.images).flat_map(|image| (0..self.versions).map(move |version| (image, version)));
        let targets = pairs.map(|(image, version)| self.target(image, version)).collect();
        Built { targets, scenario: self }
    }

    fn target(&self, image: usize, number: usize) -> Target {
        let name = match image {
            0 => "app".to_owned(),
            _ => format!("app-{image}"),
        };
        let platforms: Vec<&str> = self.platforms.iter().map(String::as_str).collect();
        let made = ImageBuilder::new(&format!("tmp/{name}/tmp"))
            .platforms(&platforms)
            .base(1, self.base_layers)
            .layers(self.layers)
            .layer_bytes(self.layer_bytes)
            .seed((image * self.versions + number) as u64 + 1)
            .sources_only()
            .build()
            .expect("an image is made in memory");
        let version = format!("1.{number}.0");
        let uid = format!("{name}-{}-ubuntu-24-04", version.replace('.', "-"));
        Target { uid, name, version, latest: number + 1 == self.versions, image: made }
    }
}
