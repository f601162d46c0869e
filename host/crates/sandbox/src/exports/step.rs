//! `publish-step.run`: one step of one target, one fresh store.

use std::sync::Arc;

use bakery_core::port::{Destination, EventSink, Failure, StepCall, StepOutcome, StepSource};

use crate::{
    Limits,
    bench::Bench,
    bindings::{
        StepPre, publish_step as wit,
        types::{Failure as Claim, Platform},
    },
    guest::{Guest, Registries},
    store::{Answer, Call, run},
};

/// Asks once.
///
/// # Errors
/// The guest failed. What it answered, failures included, is in the value.
pub(crate) async fn ask(
    limits: &Limits,
    events: &Arc<dyn EventSink>,
    pre: StepPre<Guest>,
    name: &Arc<str>,
    registries: Registries,
    bench: Bench,
    call: &StepCall,
) -> Result<Answer<Result<wit::Outcome, Claim>>, Failure> {
    let task = task(call);
    let previous: Vec<(String, wit::Outcome)> =
        call.previous.iter().map(|(step, earlier)| (step.clone(), outcome(earlier))).collect();
    let engine = pre.engine().clone();
    let order = Call {
        component: Arc::clone(name),
        export: "publish-step.run",
        network: None,
        registries: Some(registries),
        bench: Some(bench),
    };
    run(&engine, limits, events, order, move |store| {
        Box::pin(async move {
            let world = pre.instantiate_async(&mut *store).await?;
            store.data_mut().started = true;
            world.bakery_plugin_publish_step().call_run(store, &task, &previous).await
        })
    })
    .await
}

fn task(call: &StepCall) -> wit::Task {
    let task = &call.task;
    wit::Task {
        uid: task.uid.clone(),
        sources: task.sources.iter().map(source).collect(),
        staging: task.staging.as_ref().map(ToString::to_string),
        destinations: task.destinations.iter().map(destination).collect(),
        annotations: task.annotations.clone(),
        options: task.options.clone(),
        attributes: Vec::new(),
    }
}

fn source(source: &StepSource) -> wit::Source {
    let name = source.platform.as_str();
    let platform = Platform {
        os: name.split_once('/').map_or(name, |(os, _)| os).to_owned(),
        architecture: source.platform.architecture().to_owned(),
        variant: None,
    };
    wit::Source { reference: source.reference.to_string(), platform, attributes: Vec::new() }
}

fn destination(destination: &Destination) -> wit::Destination {
    wit::Destination {
        repository: destination.repository.to_string(),
        tags: destination.tags.iter().map(ToString::to_string).collect(),
    }
}

fn outcome(outcome: &StepOutcome) -> wit::Outcome {
    wit::Outcome {
        digest: outcome.digest.as_ref().map(ToString::to_string),
        attributes: outcome.attributes.clone(),
    }
}
