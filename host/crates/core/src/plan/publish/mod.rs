//! What to publish: metadata files and configuration in, targets with sources and destinations out.
//! Asks no upstream and no registry: what was built is in the metadata.
//!
//! The way of a plan, each step pure:
//!
//! 1. [`read`] makes entries of each file.
//! 2. Entries are grouped by target; the image filter leaves some out.
//! 3. Each target is identified: in the configuration, or as a development version or row that the metadata describe.
//! 4. The merge rule chooses its sources.
//! 5. The configuration gives it platforms, tags and labels, and everything is compared and put together.

mod annotations;
mod built;
mod describe;
mod destinations;
mod devs;
mod error;
mod hint;
mod identify;
mod json;
mod known;
mod look;
mod merge;
mod metadata;
mod model;
mod moment;
mod provenance;
mod publication;
mod rows;
mod scope;
mod soci;

pub use built::BuiltTarget;
pub(super) use built::KEY as BUILT_KEY;
pub use error::{Lack, PublishError, PublishErrors};
pub use metadata::{MetadataEntry, MetadataFile, read};
pub use model::{Goal, PublishPlan, PublishTarget, TargetDestination};
pub use publication::{PublishOptions, plan};
pub use soci::{OPTIMIZATIONS as SOCI_OPTIMIZATIONS, SociOptions};
