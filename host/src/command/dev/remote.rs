//! What registries have under the tags of the lock. Somebody may have pushed another image there, which nodes would take.

use std::sync::Arc;

use bakery_core::model::{Platform, Reference};
use bakery_dev::{
    check::{Content, Holder, Stored},
    lock::{Lock, LockedImage},
    store::KEY,
};

use super::place::Place;
use crate::{
    cli::DevRemote,
    command::Failed,
    report::Talker,
    wiring::{Edge, absolute},
};

/// Looks at every name of the lock. Registries that do not answer are told as not looked at.
pub(super) fn stored(
    lock: &Lock,
    remote: &DevRemote,
    place: &Place,
    talker: &Arc<Talker>,
) -> Result<Vec<Stored>, Failed> {
    let Some(registries) = remote.registries()? else { return Ok(Vec::new()) };
    let named = |(name, image): (&String, &LockedImage)| {
        let platform = image.platforms.first().and_then(|platform| platform.parse().ok());
        let platform = platform.unwrap_or(Platform::LinuxAmd64);
        let all = image.references().into_iter().filter_map(|text| text.parse::<Reference>().ok());
        let name = name.clone();
        all.map(move |reference| (name.clone(), reference, platform)).collect::<Vec<_>>()
    };
    let asked: Vec<_> = lock.images.iter().flat_map(named).collect();
    let questions: Vec<_> = asked.iter().map(|(_, reference, platform)| (reference, *platform)).collect();
    let edge = Edge::for_questions(&absolute(&place.folder())?, talker);
    let answers = edge.remote_images(&registries, &questions)?;
    let mut all = Vec::new();
    for ((image, reference, _), answer) in asked.into_iter().zip(answers) {
        match answer {
            Err(failure) => talker.note(&format!("`{reference}` was not looked at: {}", failure.message)),
            Ok(found) => all.push(Stored {
                store: reference.repository().registry().to_string(),
                holder: Holder::Registry,
                image,
                reference: reference.to_string(),
                content: found
                    .map(|found| Content { key: found.labels.get(KEY).cloned(), id: found.id.to_string() }),
            }),
        }
    }
    Ok(all)
}
