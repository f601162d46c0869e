//! `version-source.resolve`: one question, one fresh store.

use std::sync::Arc;

use bakery_core::{
    model::OsFamily,
    port::{Failure, OsTarget, SourceQuery},
};

use crate::{
    bindings::{ResolverPre, types::SourceError, version_source as wit},
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
    pre: ResolverPre<Guest>,
    name: &Arc<str>,
    network: Option<Network>,
    query: &SourceQuery,
) -> Result<Answer<Result<wit::Resolution, SourceError>>, Failure> {
    let call = Call {
        component: Arc::clone(name),
        export: "version-source.resolve",
        network,
        registries: None,
        bench: None,
    };
    let question = question(query);
    let engine = pre.engine().clone();
    run(&engine, &options.limits, &options.events, call, move |store| {
        Box::pin(async move {
            let world = pre.instantiate_async(&mut *store).await?;
            store.data_mut().started = true;
            world.bakery_plugin_version_source().call_resolve(store, &question).await
        })
    })
    .await
}

fn question(query: &SourceQuery) -> wit::Query {
    let substitute = query.substitute.then(|| ("substitute".to_owned(), "true".to_owned()));
    wit::Query {
        product: query.product.clone(),
        channel: query.channel.clone(),
        pinned: query.pinned.clone(),
        branch: query.branch.clone(),
        targets: query.targets.iter().map(target).collect(),
        config: query.config.clone(),
        attributes: substitute.into_iter().collect(),
    }
}

fn target(target: &OsTarget) -> wit::Target {
    wit::Target {
        os: target.os.name.to_owned(),
        version: target.os.version.to_owned(),
        codename: target.os.codename.map(str::to_owned),
        family: match target.os.family {
            OsFamily::Debian => wit::OsFamily::Debian,
            OsFamily::Redhat => wit::OsFamily::Redhat,
            OsFamily::Other => wit::OsFamily::Other,
        },
        architecture: target.platform.architecture().to_owned(),
        attributes: Vec::new(),
    }
}
