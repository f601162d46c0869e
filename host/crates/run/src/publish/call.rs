//! What each step is asked, and the least that it may do for it. Pure; knows no order.

use bakery_core::{
    model::{ComponentRef, Repository},
    plan::publish::{PublishPlan, PublishTarget},
    policy::{CommandGrants, RegistryGrants},
    port::{Destination, StepCall, StepOutcome, StepTask},
};

use super::{options::PublishOptions, step::Step};

/// Options of a step without options.
const NONE: &str = "{}";
/// Options of `index-place`: the index itself goes there as well, not only what is below it.
const ROOT: &str = r#"{"root":true}"#;

/// Calls of one run.
pub(super) struct Calls<'a> {
    options: &'a PublishOptions,
    root: bool,
}

impl<'a> Calls<'a> {
    /// For this plan.
    pub(super) fn new(plan: &PublishPlan, options: &'a PublishOptions) -> Self {
        Self { options, root: plan.needs_root() }
    }

    /// One call for a target, after these.
    pub(super) fn call(
        &self,
        target: &PublishTarget,
        step: Step,
        previous: Vec<(String, StepOutcome)>,
    ) -> StepCall {
        let staged = target.staged && matches!(step, Step::IndexCreate | Step::IndexPlace);
        let task = StepTask {
            uid: target.uid.clone(),
            sources: target.sources.clone(),
            staging: staged.then(|| target.temp_index.clone()),
            destinations: destinations(target, step),
            annotations: target.annotations.clone(),
            options: if self.root && step == Step::IndexPlace { ROOT } else { NONE }.to_owned(),
        };
        StepCall {
            component: self.component(step).clone(),
            step: step.name(),
            grants: grants(target, step, &task),
            commands: CommandGrants::default(),
            scratch: None,
            task,
            previous,
            window: self.options.window,
            limit: self.options.limit.saturating_add(self.options.window),
        }
    }

    fn component(&self, step: Step) -> &ComponentRef {
        let components = &self.options.components;
        match step {
            Step::WaitSources => &components.wait_sources,
            Step::IndexCreate => &components.index_create,
            Step::IndexPlace | Step::IndexTag { .. } => &components.index_copy,
            Step::Verify => &components.verify,
        }
    }
}

/// Where a call works.
fn destinations(target: &PublishTarget, step: Step) -> Vec<Destination> {
    let all = target.destinations.iter();
    let to = |repository: &Repository, tags| Destination { repository: repository.clone(), tags };
    match step {
        Step::IndexPlace => all.map(|one| to(&one.repository, Vec::new())).collect(),
        Step::Verify => all.map(|one| to(&one.repository, one.tags().cloned().collect())).collect(),
        Step::IndexTag { destination, class } => {
            let one = target.destinations.get(destination);
            one.into_iter().map(|one| to(&one.repository, class.tags(one).to_vec())).collect()
        }
        Step::WaitSources | Step::IndexCreate => Vec::new(),
    }
}

/// Every step may read the sources; beyond that it may do what its task says.
fn grants(target: &PublishTarget, step: Step, task: &StepTask) -> RegistryGrants {
    let sources = target.sources.iter().map(|source| source.reference.repository().clone());
    let read = sources.fold(RegistryGrants::default(), RegistryGrants::pull);
    let staging = task.staging.iter();
    let destinations = task.destinations.iter();
    match step {
        Step::WaitSources => read,
        Step::IndexCreate => {
            staging.fold(read, |grants, one| grants.push(one.repository().clone(), one.tag().cloned()))
        }
        Step::IndexPlace | Step::IndexTag { .. } => {
            let read = staging.fold(read, |grants, one| grants.pull(one.repository().clone()));
            destinations
                .fold(read, |grants, one| grants.push(one.repository.clone(), one.tags.iter().cloned()))
        }
        Step::Verify => destinations.fold(read, |grants, one| grants.pull(one.repository.clone())),
    }
}
