//! The steps of a target by name, in their order. Their names are keys for later steps and words in reports.

use bakery_core::{model::Tag, plan::publish::TargetDestination};

/// Waits until every source can be read.
pub(super) const WAIT_SOURCES: &str = "wait-sources";
/// Makes the index.
pub(super) const INDEX_CREATE: &str = "index-create";
/// Converts its image, and gives another index.
pub(super) const SOCI_CONVERT: &str = "soci-convert";
/// Brings the index and everything below it into its repositories, by digest.
pub(super) const INDEX_PLACE: &str = "index-place";
/// Moves tags.
pub(super) const INDEX_TAG: &str = "index-tag";
/// Reads every tag back.
pub(super) const VERIFY: &str = "verify";

/// One step of one target: one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    /// [`WAIT_SOURCES`].
    WaitSources,
    /// [`INDEX_CREATE`].
    IndexCreate,
    /// [`SOCI_CONVERT`].
    SociConvert,
    /// [`INDEX_PLACE`].
    IndexPlace,
    /// [`INDEX_TAG`] for one class of tags in one of the target's destinations.
    IndexTag {
        /// Which destination of the target.
        destination: usize,
        /// Which of its tags.
        class: Class,
    },
    /// [`VERIFY`].
    Verify,
}

impl Step {
    /// Its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::WaitSources => WAIT_SOURCES,
            Self::IndexCreate => INDEX_CREATE,
            Self::SociConvert => SOCI_CONVERT,
            Self::IndexPlace => INDEX_PLACE,
            Self::IndexTag { .. } => INDEX_TAG,
            Self::Verify => VERIFY,
        }
    }
}

/// Which tags a call moves. Immutable ones come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Class {
    /// Tags that name the whole version.
    Immutable,
    /// Tags that move from version to version.
    Floating,
}

impl Class {
    /// These tags of a destination.
    pub(super) fn tags(self, destination: &TargetDestination) -> &[Tag] {
        match self {
            Self::Immutable => &destination.immutable,
            Self::Floating => &destination.floating,
        }
    }
}
