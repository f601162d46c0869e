//! What must hold of a publish, judged from the history of the tags.
//! It reads histories only; it drives nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::world::{Move, Origin};

/// A tag of a repository.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TagName {
    /// The repository.
    pub repository: String,
    /// The tag.
    pub tag: String,
}

impl TagName {
    /// This tag of this repository.
    #[must_use]
    pub fn new(repository: &str, tag: &str) -> Self {
        Self { repository: repository.to_owned(), tag: tag.to_owned() }
    }

    fn of(step: &Move) -> Self {
        Self::new(&step.repository, &step.tag)
    }
}

/// Moves by requests to an index that was not complete at that moment (invariant 1). Each as a sentence.
#[must_use]
pub fn incomplete(history: &[Move]) -> Vec<String> {
    let by_requests = history.iter().filter(|step| matches!(step.origin, Origin::Request(_)));
    by_requests
        .flat_map(|step| step.problems.iter().map(move |problem| (step, problem)))
        .map(|(step, problem)| {
            let Move { sequence, repository, tag, .. } = step;
            format!(
                "change {sequence} pointed `{repository}:{tag}` at an index with {:?} `{}`",
                problem.kind, problem.digest
            )
        })
        .collect()
}

/// Moves by requests that were not meant: to another digest than the intended one, of a tag that is not intended at
/// all, or of one that had already moved (invariant 2). Each as a sentence.
#[must_use]
pub fn unintended(history: &[Move], intended: &BTreeMap<TagName, String>) -> Vec<String> {
    let mut moved = BTreeSet::new();
    let mut violations = Vec::new();
    for step in history.iter().filter(|step| matches!(step.origin, Origin::Request(_))) {
        let Move { sequence, repository, tag, to, .. } = step;
        let name = TagName::of(step);
        let wanted = intended.get(&name);
        if wanted.is_none() || wanted != to.as_ref() {
            let to = to.as_deref().unwrap_or("nowhere");
            violations.push(format!(
                "change {sequence} pointed `{repository}:{tag}` at `{to}`, which was not intended"
            ));
        }
        if !moved.insert(name) {
            violations.push(format!("change {sequence} moved `{repository}:{tag}` a second time"));
        }
    }
    violations
}

/// Moves by requests of a floating tag before every immutable tag of its group was where it belongs (invariant 3).
/// An immutable tag is where it belongs once anybody, also the seed, has pointed it at its intended digest; so the
/// history must be the whole one.
#[must_use]
pub fn early(
    history: &[Move],
    intended: &BTreeMap<TagName, String>,
    immutable: &[TagName],
    floating: &[TagName],
) -> Vec<String> {
    let mut missing: BTreeSet<&TagName> = immutable.iter().collect();
    let mut violations = Vec::new();
    for step in history {
        let name = TagName::of(step);
        if step.to.is_some() && step.to.as_ref() == intended.get(&name) {
            missing.remove(&name);
        }
        if matches!(step.origin, Origin::Request(_)) && floating.contains(&name) && !missing.is_empty() {
            let Move { sequence, repository, tag, .. } = step;
            let waiting: Vec<String> =
                missing.iter().map(|name| format!("{}:{}", name.repository, name.tag)).collect();
            violations.push(format!(
                "change {sequence} moved `{repository}:{tag}` before {} was set",
                waiting.join(", ")
            ));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::world::{Problem, ProblemKind};

    fn step(sequence: u64, tag: &str, to: &str) -> Move {
        Move {
            sequence,
            at: Duration::ZERO,
            repository: "app".to_owned(),
            tag: tag.to_owned(),
            from: None,
            to: Some(to.to_owned()),
            origin: Origin::Request(sequence),
            problems: Vec::new(),
        }
    }

    fn intended() -> BTreeMap<TagName, String> {
        ["1.0", "latest"].map(|tag| (TagName::new("app", tag), "new".to_owned())).into()
    }

    #[test]
    fn a_right_history_violates_nothing() {
        let history = [step(1, "1.0", "new"), step(2, "latest", "new")];
        assert_eq!(incomplete(&history), [""; 0]);
        assert_eq!(unintended(&history, &intended()), [""; 0]);
        let (immutable, floating) = ([TagName::new("app", "1.0")], [TagName::new("app", "latest")]);
        assert_eq!(early(&history, &intended(), &immutable, &floating), [""; 0]);
    }

    #[test]
    fn a_wrong_digest_an_unknown_tag_and_a_second_move_are_unintended() {
        let history = [step(1, "1.0", "old"), step(2, "1.0", "new"), step(3, "2.0", "new")];
        let found = unintended(&history, &intended());
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[1].contains("a second time"), "{found:?}");
    }

    #[test]
    fn a_floating_tag_before_an_immutable_one_is_early() {
        let (immutable, floating) = ([TagName::new("app", "1.0")], [TagName::new("app", "latest")]);
        let found =
            early(&[step(1, "latest", "new"), step(2, "1.0", "new")], &intended(), &immutable, &floating);
        assert_eq!(found, ["change 1 moved `app:latest` before app:1.0 was set"]);
    }

    #[test]
    fn what_was_missing_at_a_move_is_told_even_if_it_came_later() {
        let mut incomplete_step = step(4, "1.0", "new");
        incomplete_step.problems.push(Problem {
            repository: "app".to_owned(),
            tag: None,
            digest: "sha256:0".to_owned(),
            parent: None,
            kind: ProblemKind::MissingBlob,
        });
        assert_eq!(
            incomplete(&[incomplete_step]),
            ["change 4 pointed `app:1.0` at an index with MissingBlob `sha256:0`"]
        );
    }
}
