//! How targets are built: the arguments of each builder, and what is written about what was built.
//! Starts nothing, reads nothing.

mod buildah;
mod docker;
mod metadata;
mod pins;
mod secrets;
mod settings;

use std::collections::BTreeSet;

pub use buildah::{BuildahBuild, buildah_build, buildah_layout};
pub use docker::{docker_bake, docker_build};
pub use metadata::{BuildahImage, Entry, MetadataError, buildah_entry, document, read_bake, read_one};
pub use pins::{Pin, Pins};
pub use secrets::Secrets;
pub use settings::BuildSettings;

use super::Target;

/// The Containerfiles that the targets are built from, relative to `bakery.yaml`, each once, sorted.
#[must_use]
pub fn containerfiles(targets: &[Target]) -> BTreeSet<&str> {
    targets.iter().map(|target| target.dockerfile.as_str()).collect()
}
