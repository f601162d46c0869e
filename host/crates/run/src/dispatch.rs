//! A dispatch payload becomes pins: read before any file is, applied after the file is known to be good.
//! What a payload means is the override component's to say; here it is only asked at the right moments.

use bakery_core::{
    config::Config,
    plan::{self, DevRef, Pin, PlanError, Selection},
    port::{DispatchSpec, Event, EventSink, OverrideCandidate, OverrideError, Resolvers},
};

/// Why a payload cannot be applied to this configuration.
#[derive(Debug, thiserror::Error)]
pub enum Dispatched {
    /// The override component refused it.
    #[error("{source}")]
    Override {
        /// Why.
        source: OverrideError,
        /// The development versions that it could mean, as the component saw them.
        candidates: Vec<OverrideCandidate>,
    },
    /// The component's answer, or the payload together with the flags, makes no sense.
    #[error(transparent)]
    Plan(#[from] Box<PlanError>),
}

/// Reads a payload. Needs no configuration.
///
/// # Errors
/// The payload is wrong, or the component failed.
pub async fn check(resolvers: &dyn Resolvers, payload: &str) -> Result<DispatchSpec, OverrideError> {
    resolvers.check_spec(payload).await
}

/// Applies a payload to the development versions that the filters select, and tells what was pinned.
///
/// # Errors
/// Several development versions match, or none does, or the component failed.
pub async fn pin(
    resolvers: &dyn Resolvers,
    payload: &str,
    config: &Config,
    selection: &Selection,
    events: &dyn EventSink,
) -> Result<Vec<Pin>, Dispatched> {
    let found: Vec<DevRef> = plan::candidates(config, selection);
    let candidates = plan::override_candidates(config, &found);
    let answer = match resolvers.plan_spec(payload, &candidates).await {
        Ok(answer) => answer,
        Err(source) => return Err(Dispatched::Override { source, candidates }),
    };
    let pins = plan::pins(config, &found, &answer).map_err(Box::new)?;
    for pin in &pins {
        if let Some((image, dev)) = pin.at.get(config) {
            events.emit(Event::Pinned {
                image: image.name.clone(),
                product: dev.source.product().to_owned(),
                channel: dev.source.channel().map(|channel| channel.to_string()),
                version: pin.version.as_ref().map(ToString::to_string),
                branch: pin.branch.clone(),
                payload: payload.to_owned(),
            });
        }
    }
    Ok(pins)
}
