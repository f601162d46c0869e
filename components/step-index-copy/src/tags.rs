//! Tags of repositories that have everything below the index. Copies nothing.

use bakery_sdk::{Failure, Registry, reference::by_tag, registry::Descriptor, step::Destination, task};

use crate::run::{Said, Work, is_absence};

/// A tag and what it points at now, where that was asked.
type Look<'a> = (&'a str, Option<Result<Descriptor, Failure>>);

/// Writes tags, one push per repository. Only where the index was there before this run can a tag point at it
/// already, so only there is it looked at.
pub(crate) fn write<R: Registry>(
    work: &Work<'_, R>,
    destinations: &[&Destination],
) -> Vec<Result<Said, Failure>> {
    let was_present =
        |destination: &Destination| task::said(work.previous, "present", &destination.repository);
    let asked: Vec<String> = destinations
        .iter()
        .filter(|destination| was_present(destination))
        .flat_map(|d| references(d))
        .collect();
    let looks = if asked.is_empty() { Vec::new() } else { work.registry.resolve(&asked) };
    let mut looks = looks.into_iter();
    let mut answers = Vec::new();
    for destination in destinations {
        let present = was_present(destination);
        let look = |tag| (tag, if present { looks.next() } else { None });
        let tags: Vec<Look<'_>> = destination.tags.iter().map(String::as_str).map(look).collect();
        answers.push(one(work, &destination.repository, tags));
    }
    answers
}

fn references(destination: &Destination) -> Vec<String> {
    destination.tags.iter().map(|tag| by_tag(&destination.repository, tag)).collect()
}

fn one<R: Registry>(work: &Work<'_, R>, repository: &str, tags: Vec<Look<'_>>) -> Result<Said, Failure> {
    let mut said = Said::new();
    let mut wrong = Vec::new();
    for (tag, look) in tags {
        match look {
            Some(Ok(now)) if now.digest == work.index => {
                said.push(("kept".to_owned(), by_tag(repository, tag)));
            }
            Some(Err(failure)) if !is_absence(&failure) => return Err(failure),
            _ => wrong.push(tag.to_owned()),
        }
    }
    if !wrong.is_empty() {
        work.registry.push(repository, work.index, &wrong)?;
        said.extend(wrong.iter().map(|tag| ("written".to_owned(), by_tag(repository, tag))));
    }
    Ok(said)
}
