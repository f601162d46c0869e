//! What it took to bring something somewhere. Counts; decides nothing.

use bakery_core::model::Descriptor;

/// What it took to bring a manifest and everything below it into a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// What was copied.
    pub descriptor: Descriptor,
    /// Manifests put.
    pub manifests_pushed: u32,
    /// Blobs that the registry moved by itself.
    pub blobs_mounted: u32,
    /// Blobs sent.
    pub blobs_uploaded: u32,
    /// Their bytes.
    pub bytes_uploaded: u64,
}

/// The same without what was copied: of a part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) manifests: u32,
    pub(crate) mounted: u32,
    pub(crate) uploaded: u32,
    pub(crate) bytes: u64,
}

impl Tally {
    pub(crate) fn manifest() -> Self {
        Self { manifests: 1, ..Self::default() }
    }

    pub(crate) fn mount() -> Self {
        Self { mounted: 1, ..Self::default() }
    }

    pub(crate) fn upload(bytes: u64) -> Self {
        Self { uploaded: 1, bytes, ..Self::default() }
    }

    pub(crate) fn of(self, descriptor: Descriptor) -> Copied {
        Copied {
            descriptor,
            manifests_pushed: self.manifests,
            blobs_mounted: self.mounted,
            blobs_uploaded: self.uploaded,
            bytes_uploaded: self.bytes,
        }
    }
}

impl std::iter::Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), |sum, part| Self {
            manifests: sum.manifests.saturating_add(part.manifests),
            mounted: sum.mounted.saturating_add(part.mounted),
            uploaded: sum.uploaded.saturating_add(part.uploaded),
            bytes: sum.bytes.saturating_add(part.bytes),
        })
    }
}
