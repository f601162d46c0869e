//! `version-override.check` and `version-override.plan`: each in a fresh store, both without any network.

use std::sync::Arc;

use bakery_core::port::{Failure, OverrideCandidate};

use crate::{
    bindings::{DispatcherPre, version_override as wit},
    guest::Guest,
    options::SandboxOptions,
    store::{Answer, Call, run},
};

/// Reads a payload.
///
/// # Errors
/// The guest failed. What it answered, refusals included, is in the value.
pub(crate) async fn check(
    options: &SandboxOptions,
    pre: DispatcherPre<Guest>,
    name: &Arc<str>,
    spec: &str,
) -> Result<Answer<Result<wit::Checked, wit::Error>>, Failure> {
    let call = Call {
        component: Arc::clone(name),
        export: "version-override.check",
        network: None,
        registries: None,
        bench: None,
    };
    let spec = spec.to_owned();
    let engine = pre.engine().clone();
    run(&engine, &options.limits, &options.events, call, move |store| {
        Box::pin(async move {
            let world = pre.instantiate_async(&mut *store).await?;
            store.data_mut().started = true;
            world.bakery_plugin_version_override().call_check(store, &spec).await
        })
    })
    .await
}

/// Applies a payload.
///
/// # Errors
/// As [`check`].
pub(crate) async fn plan(
    options: &SandboxOptions,
    pre: DispatcherPre<Guest>,
    name: &Arc<str>,
    spec: &str,
    candidates: &[OverrideCandidate],
) -> Result<Answer<Result<Vec<wit::Pin>, wit::Error>>, Failure> {
    let call = Call {
        component: Arc::clone(name),
        export: "version-override.plan",
        network: None,
        registries: None,
        bench: None,
    };
    let spec = spec.to_owned();
    let candidates: Vec<wit::Candidate> = candidates.iter().map(candidate).collect();
    let engine = pre.engine().clone();
    run(&engine, &options.limits, &options.events, call, move |store| {
        Box::pin(async move {
            let world = pre.instantiate_async(&mut *store).await?;
            store.data_mut().started = true;
            world.bakery_plugin_version_override().call_plan(store, &spec, &candidates).await
        })
    })
    .await
}

fn candidate(candidate: &OverrideCandidate) -> wit::Candidate {
    wit::Candidate {
        id: candidate.id,
        image: candidate.image.clone(),
        product: candidate.product.clone(),
        channel: candidate.channel.clone(),
        source: candidate.source.clone(),
        attributes: Vec::new(),
    }
}
