//! `version-list.select`: one question, one fresh store.

use std::sync::Arc;

use bakery_core::port::{Failure, ListQuery};

use crate::{
    bindings::{ListerPre, types::SourceError, version_list as wit},
    guest::{Guest, Network},
    options::SandboxOptions,
    store::{Answer, Call, run},
};

/// Asks once.
///
/// # Errors
/// The guest failed. What it answered, refusals included, is in the value.
pub(crate) async fn ask(
    options: &SandboxOptions,
    pre: ListerPre<Guest>,
    name: &Arc<str>,
    network: Option<Network>,
    query: &ListQuery,
) -> Result<Answer<Result<Vec<String>, SourceError>>, Failure> {
    let call = Call {
        component: Arc::clone(name),
        export: "version-list.select",
        network,
        registries: None,
        bench: None,
    };
    let question = wit::Query {
        dependency: query.dependency.as_str().to_owned(),
        prerelease: query.prerelease,
        constraint: wit::Constraint {
            latest: query.constraint.latest,
            count: query.constraint.count,
            min: query.constraint.min.clone(),
            max: query.constraint.max.clone(),
        },
        config: query.config.clone(),
        attributes: Vec::new(),
    };
    let engine = pre.engine().clone();
    run(&engine, &options.limits, &options.events, call, move |store| {
        Box::pin(async move {
            let world = pre.instantiate_async(&mut *store).await?;
            store.data_mut().started = true;
            world.bakery_plugin_version_list().call_select(store, &question).await
        })
    })
    .await
}
