//! A step that misbehaves in a run that goes on: what it was told, how it failed, what was asked of the registry.

use bakery_core::port::FailureKind;
use bakery_fault_registry::{FaultRegistry, Image, Script};
use bakery_sandbox::Limits;
use serde_json::Value;

use super::{
    house::{House, Target, words},
    plan::{Plan, registry, repository},
};

/// A registry that counts, and a target of which one repository may be read and one be written.
pub(super) struct Scene {
    pub(super) registry: FaultRegistry,
    pub(super) image: Image,
    pub(super) house: House,
    pub(super) target: Target,
}

impl Scene {
    pub(super) fn new() -> Self {
        Self::with(Limits::default())
    }

    pub(super) fn with(limits: Limits) -> Self {
        Self::of(Script::new(), limits)
    }

    pub(super) fn of(script: Script, limits: Limits) -> Self {
        let (registry, image) = registry(script);
        let house = House::with(&[&registry], limits, &[]);
        let target = house.open(Plan::of(&registry, &image, "team/app", &["1"]));
        Self { registry, image, house, target }
    }

    /// What the step was told when it did this.
    pub(super) async fn told(&self, options: Value) -> Vec<String> {
        let outcome = self.target.misbehave(&options).await.unwrap();
        self.still_publishes().await;
        words(&outcome)
    }

    /// The step fails like this.
    pub(super) async fn fails(&self, options: Value, kind: FailureKind, message: &str) {
        let failure = self.target.misbehave(&options).await.unwrap_err();
        assert_eq!((failure.kind, failure.message.as_str()), (kind, message), "{options}");
        self.still_publishes().await;
    }

    /// Another target of the same run is published.
    pub(super) async fn still_publishes(&self) {
        let plan = Plan::of(&self.registry, &self.image, "team/good", &["1"]);
        self.house.publish(&plan).await.expect("a good target is published after a bad one");
    }

    pub(super) fn at(&self, repository_name: &str) -> String {
        repository(&self.registry, repository_name).to_string()
    }

    pub(super) fn source(&self) -> String {
        self.target.plan.sources[0].reference.to_string()
    }

    /// Requests about repositories that only the bad step names.
    pub(super) fn asked(&self, name: &str) -> Vec<String> {
        let about = |entry: &bakery_fault_registry::Entry| entry.repository.as_deref() == Some(name);
        self.registry.log().only(about).lines()
    }
}

/// Where the step was when it was ended.
pub(super) const HERE: &str = "in `publish-step.run`";
