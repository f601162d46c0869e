//! Publishing: the order of steps over targets. What a step does is the step's business.

mod options;
mod report;

pub use options::{PublishOptions, StepComponents};
pub use report::{Counts, DestinationReport, Effect, Published, Status, TargetReport, Wait};
