//! What images measure in their registry, read from their manifests. A size that cannot be read is no failure: nobody
//! knows it then.

use std::{collections::HashMap, sync::Arc, time::Duration};

use bakery_core::{
    model::{Descriptor, ManifestContent, Reference},
    plan::Target,
    policy::RegistryGrants,
    port::{Event, EventSink, Measured, registry::Access},
};
use bakery_run::build::{BuildReport, BuildStatus, TargetBuilt};
use bakery_transfer::{Caller, Transfer};
use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use super::Building;

/// Time for all of them.
const LIMIT: Duration = Duration::from_secs(60);
/// Targets that are looked up at the same time.
const AT_ONCE: usize = 8;

/// Measures what was pushed.
pub(super) async fn in_registry(
    transfer: &Transfer,
    targets: &Arc<[Target]>,
    report: &BuildReport,
    how: &Building<'_>,
) -> HashMap<String, Measured> {
    if !how.settings.bake.push {
        return HashMap::new();
    }
    let pushed = targets
        .iter()
        .zip(&report.targets)
        .filter_map(|(target, built)| Some((target.uid.clone(), pushed(target, built, how)?)));
    let deadline = bakery_gate::Instant::now() + LIMIT;
    stream::iter(pushed)
        .map(async |(uid, reference)| Some((uid, measure(transfer, &reference, deadline).await?)))
        .buffer_unordered(AT_ONCE)
        .filter_map(async |measured| measured)
        .collect()
        .await
}

/// What was pushed: by its digest, where the builder says it.
fn pushed(target: &Target, built: &TargetBuilt, how: &Building<'_>) -> Option<Reference> {
    let BuildStatus::Built(entry) = &built.status else { return None };
    let digest = entry.as_ref().and_then(|entry| entry.get("containerimage.digest")).and_then(Value::as_str);
    match (how.settings.bake.temp_registry, digest) {
        (Some(registry), Some(digest)) => {
            format!("{}@{digest}", target.temp_repository(registry)).parse().ok()
        }
        (Some(_), None) => None,
        (None, Some(digest)) => {
            let first: Reference = target.references.first()?.parse().ok()?;
            Some(Reference::by_digest(first.repository().clone(), digest.parse().ok()?))
        }
        (None, None) => target.references.first()?.parse().ok(),
    }
}

async fn measure(
    transfer: &Transfer,
    reference: &Reference,
    deadline: bakery_gate::Instant,
) -> Option<Measured> {
    let repository = reference.repository();
    let transfer = transfer.for_target(&[Access::pull(repository.clone())], Arc::new(Nobody));
    let caller = Caller {
        component: "bakery build".to_owned(),
        grants: RegistryGrants::default().pull(repository.clone()),
        window: Duration::ZERO,
        deadline: Some(deadline),
    };
    let manifest = transfer.manifests(&caller, std::slice::from_ref(reference)).await.pop()?.ok()?;
    let children: Vec<Reference> = manifest
        .manifests()
        .iter()
        .filter(|child| !is_attestation(child))
        .map(|child| Reference::by_digest(repository.clone(), child.digest.clone()))
        .collect();
    let images = if children.is_empty() {
        vec![manifest]
    } else {
        transfer.manifests(&caller, &children).await.into_iter().collect::<Result<_, _>>().ok()?
    };
    let layers = images.first().map(|image| match image.content() {
        ManifestContent::Image { layers, .. } => layers.len() as u64,
        ManifestContent::Index { .. } => 0,
    })?;
    let blobs: HashMap<_, u64> =
        images.iter().flat_map(|image| image.blobs()).map(|blob| (blob.digest.clone(), blob.size)).collect();
    Some(Measured { layers, bytes: blobs.into_values().fold(0, u64::saturating_add) })
}

/// Attestations stand in an index as images of no platform.
fn is_attestation(child: &Descriptor) -> bool {
    child.annotations.contains_key("vnd.docker.reference.type")
}

/// Nobody wants to hear of requests for sizes.
struct Nobody;

impl EventSink for Nobody {
    fn emit(&self, _: Event) {}
}
