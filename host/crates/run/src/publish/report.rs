//! What became of every target of a run. Plain data for reports and result files.

use std::time::Duration;

use bakery_core::{
    model::{Digest, Repository, Tag},
    port::{Failure, registry::Traffic},
};

/// What became of a run.
#[derive(Clone, Debug, Default)]
pub struct Published {
    /// One per target of the plan, in its order.
    pub targets: Vec<TargetReport>,
}

/// What became of one target.
#[derive(Clone, Debug)]
pub struct TargetReport {
    /// The target's identifier.
    pub uid: String,
    /// How it ended.
    pub status: Status,
    /// Digest of its index, once it is known.
    pub index: Option<Digest>,
    /// Its repositories, as far as they were reached.
    pub destinations: Vec<DestinationReport>,
    /// What it waited for, and how long; what never came included.
    pub waits: Vec<Wait>,
    /// Attempts that failed and were followed by another one.
    pub retries: u32,
    /// What was written, or would be in a dry run, in order.
    pub effects: Vec<Effect>,
    /// What went over the wire for it.
    pub traffic: Traffic,
    /// From its first step to its last.
    pub elapsed: Duration,
}

/// How a target ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Every tag points at the index, and at least one had to be written.
    Published,
    /// Every tag pointed at the index already: nothing was written.
    Unchanged,
    /// A step failed; later steps were not begun.
    Failed {
        /// The step.
        step: &'static str,
        /// Why.
        failure: Failure,
    },
    /// The run was cancelled before this target was done.
    Cancelled {
        /// The step that was interrupted, or that would have been next.
        step: &'static str,
    },
}

/// One repository of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationReport {
    /// Repository.
    pub repository: Repository,
    /// Tags that were moved.
    pub written: Vec<Tag>,
    /// Tags that pointed at the index already.
    pub kept: Vec<Tag>,
    /// Tags that were not reached.
    pub missing: Vec<Tag>,
    /// Tags that were read back and point at the index.
    pub verified: Vec<Tag>,
}

/// A wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// For what.
    pub subject: String,
    /// How long so far.
    pub waited: Duration,
    /// Whether it came.
    pub arrived: bool,
}

/// Something that was written, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// `mount`, `upload`, `push`, `tag`.
    pub verb: &'static str,
    /// To what.
    pub subject: String,
    /// How, for people.
    pub detail: String,
}
