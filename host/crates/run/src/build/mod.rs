//! Building: which targets, how many at the same time, and what became of each. Knows no program.

mod builder;
mod journey;
mod report;

#[cfg(test)]
mod tests;

pub use builder::{Builder, Built};
pub use journey::{BuildOptions, Ended, Strategy, build};
pub use report::{BuildFailure, BuildReport, BuildStatus, TargetBuilt};
