//! What became of a build, target by target. Every failure is in it once.

use std::time::Duration;

use bakery_core::{plan::build::Entry, port::Failure};

/// What became of one target.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetBuilt {
    /// Identifier.
    pub uid: String,
    /// How it ended.
    pub status: BuildStatus,
    /// From its beginning to its end; nothing where it never began.
    pub elapsed: Duration,
}

/// How a target ended.
#[derive(Clone, Debug, PartialEq)]
pub enum BuildStatus {
    /// It was built; with what the builder says about it, where it says anything.
    Built(Option<Entry>),
    /// It failed; why is in [`BuildReport::failures`].
    Failed,
    /// The run was cancelled before it ended.
    Cancelled,
    /// It never began: another one failed, or the run was cancelled.
    NotStarted,
}

/// One failure, and what it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct BuildFailure {
    /// Its target; nothing where one command built all of them.
    pub target: Option<String>,
    /// Why.
    pub failure: Failure,
}

/// What became of a build.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BuildReport {
    /// One for each target, in the order of the targets.
    pub targets: Vec<TargetBuilt>,
    /// Every failure once, in the order of the targets.
    pub failures: Vec<BuildFailure>,
    /// What the builder said beside the targets.
    pub beside: Entry,
}

impl BuildReport {
    /// Whether everything was built.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.built().count() == self.targets.len()
    }

    /// Targets that were built.
    pub fn built(&self) -> impl Iterator<Item = &TargetBuilt> {
        self.targets.iter().filter(|target| matches!(target.status, BuildStatus::Built(_)))
    }
}
