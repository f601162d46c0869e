//! One `oras cp` per repository; a repository that fails does not keep the others.

use bakery_sdk::{
    Failure, Programs,
    failure::{invalid, together},
    oras::Oras,
    reference::{by_digest, by_tag},
    step::{Destination, Outcome, Task},
    task,
};

/// The component's name in messages.
const NAME: &str = "step-oras-copy";

/// Works on every destination. The outcome says `copied` of each repository without tags, and `written` of each tag.
///
/// Tags are written from the repository itself, which has everything below the index since it was placed there.
///
/// # Errors
/// The host's failure for the one destination that failed, or one failure that names all that did.
pub fn run(
    programs: &impl Programs,
    asked: &Task,
    previous: &[(String, Outcome)],
) -> Result<Outcome, Failure> {
    let options = task::options(NAME, asked, &[Oras::PLAIN])?;
    let oras = Oras::of(NAME, &options)?;
    let index = task::index(asked, previous)?;
    if asked.destinations.is_empty() {
        return Err(invalid(&asked.uid, format!("target `{}` has no destinations", asked.uid)));
    }
    let mut attributes = Vec::new();
    let mut failures = Vec::new();
    for destination in &asked.destinations {
        let ran = words(&oras, asked, index, destination).and_then(|words| words.run(programs));
        match ran {
            Ok(_) => attributes.extend(said(destination)),
            Err(failure) => failures.push(failure),
        }
    }
    let total = asked.destinations.len();
    match together(failures, |failed| format!("{failed} of {total} repositories failed")) {
        None => Ok(Outcome { digest: None, attributes }),
        Some(failure) => Err(failure),
    }
}

fn words(
    oras: &Oras,
    asked: &Task,
    index: &str,
    destination: &Destination,
) -> Result<bakery_sdk::program::Words, Failure> {
    let repository = &destination.repository;
    let there = by_digest(repository, index);
    if destination.tags.is_empty() {
        let (_, staging) = task::staging(asked)?;
        return Ok(oras.copy(&by_digest(staging.repository, index), &there));
    }
    Ok(oras.copy(&there, &by_tag(repository, &destination.tags.join(","))))
}

fn said(destination: &Destination) -> Vec<(String, String)> {
    let repository = &destination.repository;
    if destination.tags.is_empty() {
        return vec![("copied".to_owned(), repository.clone())];
    }
    destination.tags.iter().map(|tag| ("written".to_owned(), by_tag(repository, tag))).collect()
}

#[cfg(test)]
mod tests {
    use bakery_sdk::{
        FailureKind,
        testing::{FakePrograms, digest, task},
    };

    use super::*;

    const TMP: &str = "ghcr.io/posit-dev/test/tmp";
    const HUB: &str = "docker.io/posit/connect";
    const GHCR: &str = "ghcr.io/posit-dev/connect";

    fn to(destinations: &[(&str, &[&str])]) -> Task {
        let destination = |(repository, tags): &(&str, &[&str])| Destination {
            repository: (*repository).to_owned(),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        };
        Task {
            destinations: destinations.iter().map(destination).collect(),
            staging: Some(format!("{TMP}:x")),
            ..task()
        }
    }

    fn made() -> [(String, Outcome); 1] {
        [("index-create".to_owned(), Outcome { digest: Some(digest(9)), attributes: Vec::new() })]
    }

    #[test]
    fn an_index_is_placed_by_digest_and_tagged_where_it_lies() {
        let programs = FakePrograms::new().answering("oras cp", 0, "");
        let index = digest(9);
        let outcome = run(&programs, &to(&[(HUB, &[]), (GHCR, &["1.0", "latest"])]), &made()).unwrap();
        assert_eq!(outcome.digest, None);
        let said: Vec<String> =
            outcome.attributes.iter().map(|(key, value)| format!("{key} {value}")).collect();
        assert_eq!(
            said,
            [format!("copied {HUB}"), format!("written {GHCR}:1.0"), format!("written {GHCR}:latest")]
        );
        assert_eq!(
            programs.ran(),
            [
                format!("oras cp {TMP}@{index} {HUB}@{index}"),
                format!("oras cp {GHCR}@{index} {GHCR}:1.0,latest")
            ]
        );
    }

    #[test]
    fn a_repository_that_fails_does_not_keep_the_others() {
        let failing = format!("oras cp {TMP}@{0} {HUB}", digest(9));
        let programs = FakePrograms::new().failing(&failing, FailureKind::Denied).answering("oras cp", 0, "");
        let error = run(&programs, &to(&[(HUB, &[]), (GHCR, &[])]), &made()).unwrap_err();
        assert_eq!((error.kind, programs.ran().len()), (FailureKind::Denied, 2));
    }

    #[test]
    fn nothing_runs_for_a_task_that_cannot_be_done() {
        let staged = to(&[(HUB, &[])]);
        for (task, previous, want) in [
            (to(&[]), &made()[..], "has no destinations"),
            (staged.clone(), &[], "no earlier step of target"),
            (Task { staging: None, ..staged.clone() }, &made(), "has no temporary repository"),
            (Task { options: r#"{"plain-http":true}"#.to_owned(), ..staged }, &made(), "`plain-http` is"),
        ] {
            let programs = FakePrograms::new();
            let error = run(&programs, &task, previous).unwrap_err();
            assert!(error.kind == FailureKind::InvalidInput && error.message.contains(want), "{error:?}");
            assert_eq!(programs.ran(), [""; 0]);
        }
    }
}
