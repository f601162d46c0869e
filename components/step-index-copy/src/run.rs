//! Destinations without tags are filled, those with tags get them; one that fails does not keep the others.

use bakery_sdk::{
    Failure, FailureKind, Registry,
    failure::{invalid, together},
    reference::by_digest,
    step::{Destination, Outcome, Task},
    task,
};

use crate::{place, tags};

/// The component's name in messages.
const NAME: &str = "step-index-copy";

/// What is known of the target while its destinations are worked on.
pub(crate) struct Work<'a, R> {
    pub(crate) registry: &'a R,
    pub(crate) previous: &'a [(String, Outcome)],
    /// Digest of the index.
    pub(crate) index: &'a str,
    /// What is copied: the sources, or the index itself where it lists something else.
    pub(crate) below: Vec<String>,
    /// Whether the index itself is put by digest, and not only what it lists.
    pub(crate) root: bool,
}

/// What a destination says afterwards: keys and values.
pub(crate) type Said = Vec<(String, String)>;

/// Works on every destination. The outcome says `present` or `copied` of each repository, and `kept` or `written` of
/// each tag.
///
/// # Errors
/// The host's failure for the one destination that failed, or one failure that names all that did.
pub fn run(
    registry: &impl Registry,
    asked: &Task,
    previous: &[(String, Outcome)],
) -> Result<Outcome, Failure> {
    let options = task::options(NAME, asked, &["root", "staged"])?;
    let root = task::flag(NAME, &options, "root")?;
    let staged = task::flag(NAME, &options, "staged")?;
    let index = task::index(asked, previous)?;
    task::sources(asked)?;
    if asked.destinations.is_empty() {
        return Err(invalid(&asked.uid, format!("target `{}` has no destinations", asked.uid)));
    }
    let below = if staged { vec![in_staging(asked, index)?] } else { task::references(asked) };
    let work = Work { registry, previous, index, below, root };
    let (bare, tagged): (Vec<&Destination>, Vec<&Destination>) =
        asked.destinations.iter().partition(|destination| destination.tags.is_empty());
    let mut answers = place::fill(&work, &bare);
    answers.extend(tags::write(&work, &tagged));
    collect(answers)
}

/// The index in the temporary repository.
fn in_staging(asked: &Task, index: &str) -> Result<String, Failure> {
    let (_, staging) = task::staging(asked)?;
    Ok(by_digest(staging.repository, index))
}

fn collect(answers: Vec<Result<Said, Failure>>) -> Result<Outcome, Failure> {
    let total = answers.len();
    let mut attributes = Vec::new();
    let mut failures = Vec::new();
    for answer in answers {
        match answer {
            Ok(said) => attributes.extend(said),
            Err(failure) => failures.push(failure),
        }
    }
    match together(failures, |failed| format!("{failed} of {total} repositories failed")) {
        None => Ok(Outcome { digest: None, attributes }),
        Some(failure) => Err(failure),
    }
}

/// Whether a look failed only because there is nothing to see. Some registries say `denied` of what does not exist;
/// where it is really denied, the write says so.
pub(crate) fn is_absence(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::NotFound | FailureKind::Denied)
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
