//! What became of every target of a run. Plain data for reports and result files; no words for people.

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

impl Published {
    /// Whether every target is as the plan wants it. A run without targets is not.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.targets.is_empty() && self.targets.iter().all(|target| target.status.is_good())
    }

    /// Whether the run was cancelled before some target was done.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.targets.iter().any(|target| matches!(target.status, Status::Cancelled { .. }))
    }

    /// Targets that a failure ended; those that the run's end cancelled are not among them.
    pub fn failed(&self) -> impl Iterator<Item = &TargetReport> {
        self.targets.iter().filter(|target| matches!(target.status, Status::Failed { .. }))
    }

    /// Targets to publish again: failed and cancelled ones.
    pub fn unfinished(&self) -> impl Iterator<Item = &TargetReport> {
        self.targets.iter().filter(|target| !target.status.is_good())
    }

    /// Every failure once, in the plan's order.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.targets.iter().flat_map(TargetReport::failures)
    }

    /// How many targets ended how.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for target in &self.targets {
            match target.status {
                Status::Published => counts.published += 1,
                Status::Unchanged => counts.unchanged += 1,
                Status::Failed { .. } => counts.failed += 1,
                Status::Cancelled { .. } => counts.cancelled += 1,
            }
        }
        counts
    }

    /// What went over the wire for all targets.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.targets.iter().fold(Traffic::default(), |sum, target| Traffic {
            requests: sum.requests.saturating_add(target.traffic.requests),
            sent: sum.sent.saturating_add(target.traffic.sent),
            received: sum.received.saturating_add(target.traffic.received),
        })
    }
}

/// How many targets ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Published.
    pub published: usize,
    /// As they should be already.
    pub unchanged: usize,
    /// Ended by a failure.
    pub failed: usize,
    /// Ended by the end of the run.
    pub cancelled: usize,
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
    /// Its repositories, all of them, in the plan's order.
    pub destinations: Vec<DestinationReport>,
    /// Failures of other calls for it that were under way when the first one, which `status` has, failed.
    pub further: Vec<Failure>,
    /// What it waited for, and how long; what never came included.
    pub waits: Vec<Wait>,
    /// Attempts that failed and were followed by another one.
    pub retries: u32,
    /// What was written, or would be in a dry run, in order.
    pub effects: Vec<Effect>,
    /// What went over the wire for it.
    pub traffic: Traffic,
    /// From the beginning of its first step to the end of its last one, waiting for others included.
    pub elapsed: Duration,
}

impl TargetReport {
    /// Every failure of it, the one that ended it first.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        let first = match &self.status {
            Status::Failed { failure, .. } => Some(failure),
            Status::Published | Status::Unchanged | Status::Cancelled { .. } => None,
        };
        first.into_iter().chain(&self.further)
    }
}

/// How a target ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Every tag points at the index and was read back, and at least one had to be written.
    Published,
    /// Every tag pointed at the index already: none was written.
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

impl Status {
    /// Whether the target is as the plan wants it.
    #[must_use]
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Published | Self::Unchanged)
    }
}

/// One repository of a target. A tag is in exactly one of `written`, `kept` and `missing`, in the plan's order:
/// immutable ones first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationReport {
    /// Repository.
    pub repository: Repository,
    /// Tags that were moved, by a call that failed later on included.
    pub written: Vec<Tag>,
    /// Tags that pointed at the index already.
    pub kept: Vec<Tag>,
    /// Tags that were not reached, or of which nobody knows whether they were.
    pub missing: Vec<Tag>,
    /// Tags that were read back and point at the index.
    pub verified: Vec<Tag>,
}

/// A wait for something to become readable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// For what.
    pub subject: String,
    /// How long, until it came or nobody waited any longer.
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
