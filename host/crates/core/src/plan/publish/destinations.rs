//! Where targets go: their references by repository, tags that never move apart from those that do, and no tag twice.
//! Pushes nothing.

use std::collections::HashMap;

use super::{PublishError, PublishTarget, TargetDestination, error::shown};
use crate::{
    model::{Reference, Repository, Tag},
    plan::{Target, template::tag_safe},
};

/// The references of a target, in their order, by repository.
///
/// A tag is immutable where it has the whole version in it, as tags write it.
///
/// # Errors
/// Each repository that no registry accepts, once.
pub(super) fn destinations(target: &Target) -> Result<Vec<TargetDestination>, Vec<PublishError>> {
    let version = tag_safe(&target.identity.version);
    let mut destinations: Vec<TargetDestination> = Vec::new();
    let mut errors = Vec::new();
    for reference in &target.references {
        let (repository, tag) = match parts(reference) {
            Ok(parts) => parts,
            Err(source) => {
                let error = PublishError::Destination { target: target.to_string(), source };
                if !errors.contains(&error) {
                    errors.push(error);
                }
                continue;
            }
        };
        let at = destinations.iter().position(|one| one.repository == repository).unwrap_or_else(|| {
            let new = TargetDestination { repository, immutable: Vec::new(), floating: Vec::new() };
            destinations.push(new);
            destinations.len() - 1
        });
        let whole = !version.is_empty() && tag.as_str().contains(&version);
        let Some(destination) = destinations.get_mut(at) else { continue };
        let tags = if whole { &mut destination.immutable } else { &mut destination.floating };
        // Two names of one registry.
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    if errors.is_empty() { Ok(destinations) } else { Err(errors) }
}

/// Repository and tag apart, so that a wrong repository is one error and not one for each tag.
fn parts(reference: &str) -> Result<(Repository, Tag), crate::model::ParseReferenceError> {
    match reference.rsplit_once(':') {
        Some((repository, tag)) => Ok((repository.parse()?, tag.parse()?)),
        None => {
            let reference: Reference = reference.parse()?;
            Ok((reference.repository().clone(), reference.tag().cloned().unwrap_or_else(Tag::latest)))
        }
    }
}

/// Leaves a tag that several targets claim to the one that is pushed last, as pushing one after the other would, and
/// says so. `targets` are in push order.
pub(super) fn settle(targets: &mut [PublishTarget]) -> (Vec<String>, Vec<PublishError>) {
    let mut owners: HashMap<(Repository, Tag), usize> = HashMap::new();
    let (mut warnings, mut errors) = (Vec::new(), Vec::new());
    for at in (0..targets.len()).rev() {
        let mut lost: Vec<(usize, String)> = Vec::new();
        let Some(target) = targets.get_mut(at) else { continue };
        for TargetDestination { repository, immutable, floating } in &mut target.destinations {
            let mut keep = |tag: &Tag| {
                let owner = *owners.entry((repository.clone(), tag.clone())).or_insert(at);
                if owner != at {
                    lost.push((owner, format!("`{repository}:{tag}`")));
                }
                owner == at
            };
            immutable.retain(&mut keep);
            floating.retain(keep);
        }
        target.destinations.retain(|one| one.tags().next().is_some());
        let (empty, name) = (target.destinations.is_empty(), target.identity.to_string());
        lost.sort();
        let mut owners_of_lost: Vec<usize> = lost.iter().map(|(owner, _)| *owner).collect();
        owners_of_lost.dedup();
        for owner in owners_of_lost {
            let other = targets.get(owner).map_or_else(String::new, |other| other.identity.to_string());
            let tags: Vec<&str> =
                lost.iter().filter(|(of, _)| *of == owner).map(|(_, tag)| tag.as_str()).collect();
            if empty {
                errors.push(PublishError::NoTagLeft { target: name.clone(), other });
                break;
            }
            warnings.push(format!(
                "{} of {} go to {}, which is pushed after it",
                tags.join(", "),
                shown(&name),
                shown(&other)
            ));
        }
    }
    warnings.reverse();
    errors.reverse();
    (warnings, errors)
}
