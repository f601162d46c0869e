//! First the index against the sources, from memory; a converted one's images against theirs; then every tag of every destination, read back.

use bakery_sdk::{
    Failure, FailureKind, Registry, converted,
    failure::{all, failure, invalid},
    published,
    reference::by_digest,
    registry::Descriptor,
    step::{Outcome, Task},
    task,
};

/// The component's name in messages.
const NAME: &str = "step-verify";

/// Verifies. The outcome says `verified` of each tag, or of the digest in a repository that gets no tags.
///
/// # Errors
/// `conflict` with what was wanted and what is there; the host's failure for a tag that cannot be read or points
/// elsewhere, or one failure that names all of them.
pub fn run(
    registry: &impl Registry,
    asked: &Task,
    previous: &[(String, Outcome)],
) -> Result<Outcome, Failure> {
    let options = task::options(NAME, asked, &["converted"])?;
    let converted = task::flag(NAME, &options, "converted")?;
    let digest = task::index(asked, previous)?;
    let wanted = published::wanted(asked)?;
    let places = published::places(asked, digest);
    let Some(first) = asked.destinations.first() else {
        return Err(invalid(&asked.uid, format!("target `{}` has no destinations", asked.uid)));
    };
    let reference = by_digest(&first.repository, digest);
    for answer in registry.get_manifest(&[reference]) {
        let bytes = answer?.bytes;
        if converted {
            converted::compare(registry, asked, &first.repository, digest, &bytes)?;
        } else {
            published::compare(digest, &bytes, &wanted)?;
        }
    }
    let answers = registry.await_digest(&places, digest);
    let answers = places.iter().zip(answers).map(|(place, answer)| points_at(place, digest, answer?));
    all(answers, |failed, total| format!("{failed} of {total} tags do not point at `{digest}`"))?;
    let verified = |place| ("verified".to_owned(), place);
    Ok(Outcome { digest: None, attributes: places.into_iter().map(verified).collect() })
}

fn points_at(place: &str, digest: &str, found: Descriptor) -> Result<(), Failure> {
    if found.digest == digest {
        return Ok(());
    }
    let message = format!("`{place}` points at `{}`, wanted `{digest}`", found.digest);
    Err(failure(FailureKind::Conflict, place, message))
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
