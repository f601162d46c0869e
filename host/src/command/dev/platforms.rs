//! Several platforms under one name: whether a store can hold them, asked before anything is built.

use super::tags::Tagged;
use crate::{command::Failed, wiring::OpenStore};

/// Refuses images for several platforms where the store has one under a name: the second one would take the name from
/// the first.
pub(super) async fn check(store: &OpenStore<'_>, images: &[&Tagged]) -> Result<(), Failed> {
    let Some(several) = images.iter().find(|image| image.picked.platforms.len() > 1) else { return Ok(()) };
    if store.holds_several().await? {
        return Ok(());
    }
    let platforms: Vec<&str> = several.picked.platforms.iter().map(|platform| platform.as_str()).collect();
    let hint = match store.name() {
        "docker" => {
            "choose one with --image-platform, or let docker keep images in containerd: \
             `{\"features\": {\"containerd-snapshotter\": true}}` in its daemon.json"
        }
        _ => {
            "choose one with --image-platform, or build with --store docker, where docker keeps images in containerd"
        }
    };
    Err(Failed::because(format!(
        "{} holds one platform under a name, and `{}` is for {}",
        store.name(),
        several.picked.image,
        platforms.join(" and ")
    ))
    .hint(hint))
}
