//! An index, or all that it lists, in a repository by digest. Moves no tag.

use bakery_sdk::{
    Failure, Registry, failure::all, reference::by_digest, registry::Descriptor, step::Destination,
};

use crate::run::{Said, Work, is_absence};

/// Fills repositories. They are looked at together: one that has the index already gets nothing.
pub(crate) fn fill<R: Registry>(
    work: &Work<'_, R>,
    destinations: &[&Destination],
) -> Vec<Result<Said, Failure>> {
    if destinations.is_empty() {
        return Vec::new();
    }
    let index = |destination: &&Destination| by_digest(&destination.repository, work.index);
    let looks = work.registry.resolve(&destinations.iter().map(index).collect::<Vec<_>>());
    destinations
        .iter()
        .zip(looks)
        .map(|(destination, look)| one(work, &destination.repository, look))
        .collect()
}

fn one<R: Registry>(
    work: &Work<'_, R>,
    repository: &str,
    look: Result<Descriptor, Failure>,
) -> Result<Said, Failure> {
    let say = |key: &str| Ok(vec![(key.to_owned(), repository.to_owned())]);
    match look {
        Ok(_) => return say("present"),
        Err(failure) if is_absence(&failure) => {}
        Err(failure) => return Err(failure),
    }
    let copied = work.registry.copy(&work.below, repository);
    all(copied, |failed, total| format!("{failed} of {total} sources cannot be copied to `{repository}`"))?;
    if work.root {
        work.registry.push(repository, work.index, &[])?;
    }
    say("copied")
}
