//! The images that the project's images are built on: which digests they have. The lock says it, and where it does not,
//! a registry is asked. What nobody says counts as it is written, which is told.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use bakery_core::{
    model::{Digest, Reference},
    plan::build::{Pin, Pins},
};
use bakery_dev::{
    base::{Base, Bases},
    lock::Lock,
};

use crate::{
    cli::{DevTargets, UsageError},
    command::Failed,
    report::Talker,
    wiring::{Edge, absolute},
};

/// Digests by the images' names with registry and tag.
pub(super) type Digests = BTreeMap<String, Digest>;

/// A name that is one name, however it was written.
pub(super) fn full(reference: &Reference) -> String {
    format!("{}:{}", reference.repository(), reference.selector().as_str())
}

/// The lock that says digests: none where they are asked for anew.
pub(super) fn known<'l>(
    lock: Option<&'l Lock>,
    update: bool,
    targets: &DevTargets,
) -> Result<Option<&'l Lock>, UsageError> {
    if update && targets.remote.registries()?.is_none() {
        return Err(UsageError::new(
            "--update-bases asks registries, and BAKERY_OFFLINE says that none is asked",
        )
        .hint("unset BAKERY_OFFLINE, or set it to `false`"));
    }
    Ok(lock.filter(|_| !update))
}

/// The digests of what these images are built on, in their order: those of the lock, and of registries.
pub(super) fn digests(
    images: &[(&str, &Bases)],
    lock: Option<&Lock>,
    targets: &DevTargets,
    folder: &Path,
    talker: &Arc<Talker>,
) -> Result<Vec<Digests>, Failed> {
    let locked: Vec<Digests> =
        images.iter().map(|(name, _)| lock.map(|lock| lock.bases(name)).unwrap_or_default()).collect();
    let unknown: BTreeMap<String, Reference> = images
        .iter()
        .zip(&locked)
        .flat_map(|((_, bases), known)| {
            bases
                .references()
                .map(|reference| (full(reference), reference))
                .filter(|(name, _)| !known.contains_key(name))
        })
        .map(|(name, reference)| (name, reference.clone()))
        .collect();
    let asked = ask(unknown, targets, folder, talker)?;
    let unclear: BTreeSet<&String> = images.iter().flat_map(|(_, bases)| &bases.unclear).collect();
    for name in unclear {
        talker.note(&format!("which image `{name}` is, the builder alone knows; it counts as it is written"));
    }
    let known = |(bases, known): (&(&str, &Bases), Digests)| {
        let digest = |name: &String| known.get(name).or_else(|| asked.get(name)).cloned();
        bases.1.references().map(full).filter_map(|name| digest(&name).map(|digest| (name, digest))).collect()
    };
    Ok(images.iter().zip(locked).map(known).collect())
}

/// Asks registries for all of them at once.
fn ask(
    unknown: BTreeMap<String, Reference>,
    targets: &DevTargets,
    folder: &Path,
    talker: &Arc<Talker>,
) -> Result<Digests, Failed> {
    let Some(registries) = targets.remote.registries()?.filter(|_| !unknown.is_empty()) else {
        return Ok(Digests::new());
    };
    let (names, references): (Vec<String>, Vec<Reference>) = unknown.into_iter().unzip();
    let answers = Edge::for_questions(&absolute(folder)?, talker).digests(&registries, &references)?;
    let mut digests = Digests::new();
    for (name, answer) in names.into_iter().zip(answers) {
        match answer {
            Ok(digest) => {
                digests.insert(name, digest);
            }
            Err(failure) => {
                talker.note(&format!(
                    "no registry says which image `{name}` is; it counts as it is written: {}",
                    failure.message
                ));
            }
        }
    }
    Ok(digests)
}

/// The pairs of the key: names and digests.
pub(super) fn inputs(bases: &Bases, digests: &Digests) -> Vec<(String, Digest)> {
    let names: BTreeSet<String> = bases.references().map(full).collect();
    names
        .into_iter()
        .filter_map(|name| digests.get(&name).map(|digest| (name.clone(), digest.clone())))
        .collect()
}

/// What makes a build take these digests, whatever the tags name by then.
pub(super) fn pins(bases: &Bases, digests: &Digests) -> Pins {
    let pinned = |reference: &Reference| {
        let digest = digests.get(&full(reference))?;
        Some(Reference::by_digest(reference.repository().clone(), digest.clone()))
    };
    let pin = |(name, base): (&String, &Base)| {
        let (name, written) = (name.clone(), base.written.clone());
        Some(Pin { name, written, reference: pinned(&base.reference)? })
    };
    let images = bases.images.iter().filter_map(pin).collect();
    Pins { images, frontend: bases.frontend.as_ref().and_then(pinned) }
}
