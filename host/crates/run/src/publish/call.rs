//! What each step is asked, and the least that it may do for it. Pure; knows no order.

use bakery_core::{
    model::{ComponentRef, Reference, Repository},
    plan::publish::{PublishPlan, PublishTarget},
    policy::RegistryGrants,
    port::{Destination, Measured, StepCall, StepOutcome, StepTask},
};

use super::{command, options::PublishOptions, step::Step};

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

    /// One call for a target, after these. `measured` is what is known of its index.
    pub(super) fn call(
        &self,
        target: &PublishTarget,
        step: Step,
        previous: Vec<(String, StepOutcome)>,
        measured: Option<Measured>,
    ) -> StepCall {
        let programs = &self.options.programs;
        let mut task = StepTask {
            uid: target.uid.clone(),
            sources: target.sources.clone(),
            staging: staging(target, step),
            destinations: destinations(target, step),
            annotations: target.annotations.clone(),
            options: String::new(),
        };
        task.options = command::options(programs, target, step, self.root, &task);
        let grants = grants(target, step, &task);
        StepCall {
            component: self.component(step).clone(),
            step: step.name(),
            commands: command::grants(programs, target, step, &grants),
            grants,
            scratch: (step == Step::SociConvert).then(|| command::scratch(measured)),
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
            Step::SociConvert => &components.soci_convert,
            Step::IndexPlace | Step::IndexTag { .. } => &components.index_copy,
            Step::Verify => &components.verify,
        }
    }
}

/// The name that a call has in the temporary repository: one that it writes, or whose repository it reads.
fn staging(target: &PublishTarget, step: Step) -> Option<Reference> {
    let converted = || target.soci.is_some().then(|| target.temp_soci().ok()).flatten();
    match step {
        Step::IndexCreate => target.staged.then(|| target.temp_index.clone()),
        Step::SociConvert => converted(),
        Step::IndexPlace => converted().or_else(|| target.staged.then(|| target.temp_index.clone())),
        Step::WaitSources | Step::IndexTag { .. } | Step::Verify => None,
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
        Step::WaitSources | Step::IndexCreate | Step::SociConvert => Vec::new(),
    }
}

/// Every step may read the sources, but for the one that works on their index; beyond that it may do what its task says.
fn grants(target: &PublishTarget, step: Step, task: &StepTask) -> RegistryGrants {
    let sources = target.sources.iter().map(|source| source.reference.repository().clone());
    let read = sources.fold(RegistryGrants::default(), RegistryGrants::pull);
    let staging = task.staging.iter();
    let destinations = task.destinations.iter();
    let writing =
        |grants: RegistryGrants, one: &Reference| grants.push(one.repository().clone(), one.tag().cloned());
    match step {
        Step::WaitSources => read,
        Step::IndexCreate => staging.fold(read, writing),
        Step::SociConvert => staging.fold(RegistryGrants::default(), writing),
        Step::IndexPlace | Step::IndexTag { .. } => {
            let read = staging.fold(read, |grants, one| grants.pull(one.repository().clone()));
            destinations
                .fold(read, |grants, one| grants.push(one.repository.clone(), one.tags.iter().cloned()))
        }
        Step::Verify => destinations.fold(read, |grants, one| grants.pull(one.repository.clone())),
    }
}
