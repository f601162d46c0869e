//! Publishing steps as the pipeline asks for them: a task in, an outcome out. Knows no component and no order.

use std::{sync::Arc, time::Duration};

use super::{
    BoxFuture, EventSink, Failure,
    registry::{Access, Traffic},
};
use crate::{
    model::{ComponentRef, Digest, Platform, Reference, Repository, Tag},
    policy::{CommandGrants, RegistryGrants},
};

/// A manifest for one platform, pushed by digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepSource {
    /// Where it lies; has a digest.
    pub reference: Reference,
    /// What it is for.
    pub platform: Platform,
}

/// Where a target goes. Without tags it goes there by digest alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Repository.
    pub repository: Repository,
    /// Tags to move there.
    pub tags: Vec<Tag>,
}

/// What is asked of a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepTask {
    /// The target's identifier.
    pub uid: String,
    /// One per platform, newest first.
    pub sources: Vec<StepSource>,
    /// Where the index is kept before it is published; `None` where no step reads it there.
    pub staging: Option<Reference>,
    /// Where it goes.
    pub destinations: Vec<Destination>,
    /// Annotations of the index.
    pub annotations: Vec<(String, String)>,
    /// The step's options, a JSON object.
    pub options: String,
}

/// What a step did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepOutcome {
    /// The index that the next step works on, where the step made or changed one.
    pub digest: Option<Digest>,
    /// Whatever the step tells later steps and the report.
    pub attributes: Vec<(String, String)>,
}

impl StepOutcome {
    /// Every value of a key, in order.
    pub fn values<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.attributes.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}

/// One call of one step.
#[derive(Clone, Debug)]
pub struct StepCall {
    /// Who does it.
    pub component: ComponentRef,
    /// The step's name, for messages.
    pub step: &'static str,
    /// What is asked.
    pub task: StepTask,
    /// Outcomes of the target's earlier steps, by name.
    pub previous: Vec<(String, StepOutcome)>,
    /// What it may do in registries.
    pub grants: RegistryGrants,
    /// Which programs it may run, with which words.
    pub commands: CommandGrants,
    /// Bytes of its scratch space, which is made for the call and gone after it; none without it.
    pub scratch: Option<u64>,
    /// For how long its sources, and tags just written, may lag.
    pub window: Duration,
    /// Time of the whole call.
    pub limit: Duration,
}

/// What an index leads to, as its manifests say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// Layers of its first image.
    pub layers: u64,
    /// Bytes of the layers and configurations of all its images, each once.
    pub bytes: u64,
}

/// Where steps run.
pub trait Steps: Send + Sync {
    /// Begins a target: its own account, its own memory of manifests, its own listener.
    /// `accesses` is all that its steps will do, so that one token covers it.
    fn open(&self, uid: &str, accesses: &[Access], events: Arc<dyn EventSink>) -> Arc<dyn StepRunner>;
}

/// Runs the steps of one target.
pub trait StepRunner: Send + Sync {
    /// Runs one step. A failure is final: everything that helps has been tried.
    fn run<'a>(&'a self, call: &'a StepCall) -> BoxFuture<'a, Result<StepOutcome, Failure>>;

    /// What went over the wire for this target so far.
    fn traffic(&self) -> Traffic;

    /// What an index leads to; `None` where this target did not read all of its manifests. Asks nobody.
    fn measured(&self, index: &Digest) -> Option<Measured> {
        let _ = index;
        None
    }
}
