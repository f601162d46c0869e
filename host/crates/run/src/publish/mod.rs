//! Publishing: the order of steps over targets. What a step does is the step's business.

mod report;

pub use report::{DestinationReport, Effect, Published, Status, TargetReport, Wait};
