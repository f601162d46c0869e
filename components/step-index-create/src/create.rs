//! From the sources' manifests to an index that the host holds.

use bakery_sdk::{
    Failure, Registry,
    failure::invalid,
    index, sources,
    step::{Outcome, Task},
    task,
};

use crate::staging;

/// The component's name in messages.
const NAME: &str = "step-index-create";

/// Builds the index and has the host hold it; pushes it where the task has a staging reference. The outcome's digest
/// is the index's; it says `staged` of the staging reference.
///
/// # Errors
/// The host's failure, or `invalid-input`: sources that cannot be one index, or an annotation that is given twice.
pub fn run(
    registry: &impl Registry,
    asked: &Task,
    _previous: &[(String, Outcome)],
) -> Result<Outcome, Failure> {
    task::options(NAME, asked, &[])?;
    let annotations = annotations(asked)?;
    let staging = asked.staging.as_deref().map(staging::Place::of).transpose()?;
    let children = sources::read(registry, asked)?;
    let bytes = index::write(&children, annotations);
    let digest = registry.hold(index::MEDIA_TYPE, &bytes)?.digest;
    let mut attributes = Vec::new();
    if let Some(place) = staging {
        place.fill(registry, asked, &digest)?;
        attributes.push(("staged".to_owned(), place.reference.to_owned()));
    }
    Ok(Outcome { digest: Some(digest), attributes })
}

/// An annotation that is given twice would be one in the index: which one, nobody said.
fn annotations(task: &Task) -> Result<&[(String, String)], Failure> {
    let given = &task.annotations;
    let twice =
        given.iter().enumerate().find(|(at, (key, _))| given[..*at].iter().any(|(other, _)| other == key));
    match twice {
        None => Ok(given),
        Some((_, (key, _))) => {
            Err(invalid(&task.uid, format!("annotation `{key}` of target `{}` is given twice", task.uid)))
        }
    }
}

#[cfg(test)]
#[path = "create_tests.rs"]
mod tests;
