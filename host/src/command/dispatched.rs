//! A dispatch's payload: checked before any file is read, applied when the configuration is known. What it means is the
//! override component's to say.

use std::sync::Arc;

use bakery_core::{
    config::Config,
    plan::{Pin, Selection},
    port::DispatchSpec,
};
use bakery_run as run;

use super::Failed;
use crate::{report::Talker, wiring::Edge};

/// A payload, and where it came from.
pub(super) type Payload = (String, &'static str);

/// What it says, and its warnings told.
pub(super) fn check(edge: &Edge, (payload, from): &Payload, talker: &Talker) -> Result<DispatchSpec, Failed> {
    let spec = edge
        .run(async |resolvers| run::check(resolvers, payload).await)?
        .map_err(|error| Failed::payload(from, &error))?;
    for warning in &spec.warnings {
        talker.warning(&format!("{from}: {warning}"));
    }
    Ok(spec)
}

/// What it pins among the development versions that a selection offers.
pub(super) fn pin(
    edge: &Edge,
    (payload, from): &Payload,
    config: &Config,
    offered: &Selection,
    talker: &Arc<Talker>,
) -> Result<Vec<Pin>, Failed> {
    edge.run(async |resolvers| run::pin(resolvers, payload, config, offered, &**talker).await)?
        .map_err(|error| Failed::dispatched(from, error))
}
