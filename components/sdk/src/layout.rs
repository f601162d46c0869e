//! OCI layouts in the scratch space as a step's logic sees them. Must not read one: layers never pass through a guest.

use crate::{
    Host,
    host::{image_layout as wit, types::Failure},
    registry::{Copied, Descriptor},
};

/// Whoever moves images between registries and the scratch space. See `wit/image-layout.wit`.
pub trait Layouts {
    /// Writes an image and everything below it into a new layout.
    ///
    /// # Errors
    /// The host's failure.
    fn export_image(&self, reference: &str, path: &str) -> Result<Descriptor, Failure>;

    /// Brings the one image of a layout into a repository, by digest.
    ///
    /// # Errors
    /// The host's failure.
    fn import_image(&self, path: &str, repository: &str) -> Result<Copied, Failure>;
}

impl Layouts for Host {
    fn export_image(&self, reference: &str, path: &str) -> Result<Descriptor, Failure> {
        wit::export_image(reference, path)
    }

    fn import_image(&self, path: &str, repository: &str) -> Result<Copied, Failure> {
        wit::import_image(path, repository)
    }
}
