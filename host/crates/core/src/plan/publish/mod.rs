//! What to publish: metadata files and configuration in, targets with sources and destinations out.
//! Asks no upstream and no registry: what was built is in the metadata.

mod error;
mod metadata;
mod model;
mod publication;

pub use error::{PublishError, PublishErrors};
pub use metadata::{MetadataEntry, MetadataFile, read};
pub use model::{PublishPlan, PublishTarget, TargetDestination};
pub use publication::{PublishOptions, plan};
