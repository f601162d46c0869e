//! What to publish: metadata files and configuration in, targets with sources and destinations out.

mod model;

pub use model::{PublishPlan, PublishTarget, TargetDestination};
