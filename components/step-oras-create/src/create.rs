//! Sources in the temporary repository, then the index there, then a look at it.

use bakery_sdk::{
    Failure, Programs, Registry,
    index::Child,
    oras::{self, Oras},
    published,
    reference::{Reference, by_digest},
    sources,
    step::{Outcome, Task},
    task,
};

/// The component's name in messages.
const NAME: &str = "step-oras-create";

/// Makes the index. The outcome's digest is the index's; it says `staged` of the staging reference.
///
/// # Errors
/// The host's failure, `invalid-input` for sources that cannot be one index, or `conflict` where oras made something
/// else of them.
pub fn run(programs: &impl Programs, registry: &impl Registry, asked: &Task) -> Result<Outcome, Failure> {
    let options = task::options(NAME, asked, &[Oras::PLAIN])?;
    let oras = Oras::of(NAME, &options)?;
    let (reference, staging) = task::staging(asked)?;
    let repository = staging.repository;
    let wanted = published::wanted(asked)?;
    let mut children = sources::read(registry, asked)?;
    children.sort_by(|a, b| order(a).cmp(&order(b)));
    for source in &asked.sources {
        let parts = Reference::of(&source.reference);
        if let (true, Some(digest)) = (parts.repository != repository, parts.digest) {
            let from = by_digest(parts.repository, digest);
            oras.copy(&from, &by_digest(repository, digest)).run(programs)?;
        }
    }
    let output = oras.create(reference, repository, &children, asked).run(programs)?;
    let digest = oras::created(&output)?;
    // Oras takes platforms from the images' configuration, and the next steps need to know what the index lists.
    for answer in registry.await_readable(&[by_digest(repository, &digest)]) {
        published::compare_configured(&digest, &answer?.bytes, &wanted)?;
    }
    Ok(Outcome { digest: Some(digest), attributes: vec![("staged".to_owned(), reference.to_owned())] })
}

/// By platform, as the native step lists them.
fn order(child: &Child) -> (&str, &str, Option<&str>) {
    (&child.platform.os, &child.platform.architecture, child.platform.variant.as_deref())
}

#[cfg(test)]
#[path = "create_tests.rs"]
mod tests;
