//! Publishing: the order of steps over targets. What a step does is the step's business.

mod call;
mod command;
mod journey;
mod options;
mod pipeline;
mod record;
mod report;
mod running;
mod schedule;
mod step;
#[cfg(test)]
mod tests;

pub use options::{OrasProgram, PublishOptions, StepComponents, StepPrograms};
pub use pipeline::publish;
pub use report::{Counts, DestinationReport, Effect, Published, Status, TargetReport, Wait};
