//! A dispatch's payload: checked before any file is read, applied when the configuration is known. What it means is the
//! override component's to say; no upstream is asked.

use std::sync::Arc;

use bakery_core::{
    config::Config,
    plan::{Pin, Selection},
    port::DispatchSpec,
};
use bakery_run as run;

use super::Failed;
use crate::{report::Talker, wiring::Edge};

/// What a payload says; its warnings are told.
pub(super) fn check(
    edge: &Edge,
    payload: &str,
    from: &'static str,
    talker: &Talker,
) -> Result<DispatchSpec, Failed> {
    let spec = edge
        .run(async |resolvers| run::check(resolvers, payload).await)?
        .map_err(|error| Failed::payload(from, &error))?;
    for warning in &spec.warnings {
        talker.warning(&format!("{from}: {warning}"));
    }
    Ok(spec)
}

/// What it pins among the development versions that a selection offers. The payload's own channel is the component's to
/// apply: it can say what there was instead.
pub(super) fn pin(
    edge: &Edge,
    payload: &str,
    from: &'static str,
    (config, offered): (&Config, &Selection),
    talker: &Arc<Talker>,
) -> Result<Vec<Pin>, Failed> {
    edge.run(async |resolvers| run::pin(resolvers, payload, config, offered, &**talker).await)?
        .map_err(|error| Failed::dispatched(from, error))
}
