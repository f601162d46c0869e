//! What is asked of registries, cold and again, and what is said when a repository refuses.

use bakery_sdk::{
    FailureKind,
    reference::by_digest,
    registry::Registry as _,
    step::{Destination, Outcome, Task},
    testing::{FakeRegistry, Verb, digest, task},
};

use super::run;

const HUB: &str = "docker.io/posit/connect";
const GHCR: &str = "ghcr.io/posit-dev/connect";

/// A task for these repositories and tags.
fn to(destinations: &[(&str, &[&str])], options: &str) -> Task {
    let destination = |(repository, tags): &(&str, &[&str])| Destination {
        repository: (*repository).to_owned(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
    };
    let destinations = destinations.iter().map(destination).collect();
    Task { destinations, options: options.to_owned(), ..task() }
}

/// Registries with the sources, and the index that an earlier step has made.
fn begin(change: impl FnOnce(FakeRegistry) -> FakeRegistry) -> (FakeRegistry, String) {
    let registry = change(FakeRegistry::new().with_sources_of(&task()));
    let index = registry.hold("application/vnd.oci.image.index.v1+json", b"{}").unwrap().digest;
    (registry, index)
}

/// What the calls after the index was made were, with its digest as `INDEX`.
fn asked(registry: &FakeRegistry, index: &str) -> Vec<String> {
    registry.asked()[1..].iter().map(|line| line.replace(index, "INDEX")).collect()
}

fn made(index: &str) -> (String, Outcome) {
    ("index-create".to_owned(), Outcome { digest: Some(index.to_owned()), attributes: Vec::new() })
}

/// The outcome of an earlier `index-place` that found the index in a repository.
fn present(repository: &str) -> (String, Outcome) {
    let attributes = vec![("present".to_owned(), repository.to_owned())];
    ("index-place".to_owned(), Outcome { digest: None, attributes })
}

fn words(outcome: &Outcome) -> Vec<String> {
    assert_eq!(outcome.digest, None);
    outcome.attributes.iter().map(|(key, value)| format!("{key} {value}")).collect()
}

fn sources() -> String {
    bakery_sdk::task::references(&task()).join(" ")
}

#[test]
fn a_repository_without_the_index_gets_what_it_lists_and_no_tag() {
    let (registry, index) = begin(|registry| registry);
    let outcome = run(&registry, &to(&[(GHCR, &[])], "{}"), &[made(&index)]).unwrap();
    assert_eq!(
        asked(&registry, &index),
        [format!("resolve {GHCR}@INDEX"), format!("copy to {GHCR} {}", sources())]
    );
    assert_eq!(words(&outcome), [format!("copied {GHCR}")]);
    assert_eq!(registry.points_at(&by_digest(GHCR, &index)), None);
    assert_eq!(registry.points_at(&by_digest(GHCR, &digest(1))), Some(digest(1)));
}

#[test]
fn with_root_the_index_itself_follows() {
    let (registry, index) = begin(|registry| registry);
    run(&registry, &to(&[(GHCR, &[])], r#"{"root":true}"#), &[made(&index)]).unwrap();
    assert_eq!(asked(&registry, &index).last().unwrap(), &format!("push {GHCR} INDEX"));
    assert_eq!(registry.points_at(&by_digest(GHCR, &index)), Some(index));
}

#[test]
fn repositories_are_looked_at_together_and_one_that_has_the_index_gets_nothing() {
    let (registry, index) = begin(|registry| registry);
    registry.push(HUB, &index, &[]).unwrap();
    let task = to(&[(HUB, &[]), (GHCR, &[])], r#"{"root":true}"#);
    let outcome = run(&registry, &task, &[made(&index)]).unwrap();
    assert_eq!(words(&outcome), [format!("present {HUB}"), format!("copied {GHCR}")]);
    assert_eq!(
        asked(&registry, &index)[1..],
        [
            format!("resolve {HUB}@INDEX {GHCR}@INDEX"),
            format!("copy to {GHCR} {}", sources()),
            format!("push {GHCR} INDEX"),
        ]
    );
}

#[test]
fn tags_are_written_together_and_not_looked_at_where_the_index_is_new() {
    let (registry, index) = begin(|registry| registry.pointing(&format!("{GHCR}:2026.05.0"), &digest(1)));
    let task = to(&[(GHCR, &["2026.05.0", "latest"])], "{}");
    let outcome = run(&registry, &task, &[made(&index)]).unwrap();
    assert_eq!(asked(&registry, &index), [format!("push {GHCR} INDEX 2026.05.0 latest")]);
    assert_eq!(words(&outcome), [format!("written {GHCR}:2026.05.0"), format!("written {GHCR}:latest")]);
    assert_eq!(registry.points_at(&format!("{GHCR}:2026.05.0")), Some(index));
}

#[test]
fn a_tag_that_points_at_the_index_already_is_left_alone() {
    let (registry, index) = begin(|registry| registry);
    registry.push(GHCR, &index, &["a".to_owned()]).unwrap();
    registry.push(GHCR, &digest(1), &["b".to_owned()]).unwrap();
    let task = to(&[(GHCR, &["a", "b", "c"])], "{}");
    let outcome = run(&registry, &task, &[made(&index), present(GHCR)]).unwrap();
    assert_eq!(
        words(&outcome),
        [format!("kept {GHCR}:a"), format!("written {GHCR}:b"), format!("written {GHCR}:c")]
    );
    assert_eq!(
        asked(&registry, &index)[2..],
        [format!("resolve {GHCR}:a {GHCR}:b {GHCR}:c"), format!("push {GHCR} INDEX b c")]
    );
}

#[test]
fn a_second_run_writes_nothing() {
    let (registry, index) = begin(|registry| registry);
    let (place, tag) = (to(&[(GHCR, &[])], r#"{"root":true}"#), to(&[(GHCR, &["a", "b"])], "{}"));
    let mut writes = Vec::new();
    for _ in 0..2 {
        let placed = run(&registry, &place, &[made(&index)]).unwrap();
        let previous = [made(&index), ("index-place".to_owned(), placed)];
        run(&registry, &tag, &previous).unwrap();
        let is_write = |line: &&String| line.starts_with("push") || line.starts_with("copy");
        writes.push(registry.asked().iter().filter(is_write).count());
    }
    assert_eq!(writes, [3, 3]);
}

#[test]
fn only_the_repositories_where_the_index_was_are_looked_at() {
    let (registry, index) = begin(|registry| registry);
    registry.push(HUB, &index, &["b".to_owned()]).unwrap();
    let task = to(&[(GHCR, &["a"]), (HUB, &["b"]), (GHCR, &["c"])], "{}");
    let outcome = run(&registry, &task, &[made(&index), present(HUB)]).unwrap();
    assert_eq!(
        asked(&registry, &index)[1..],
        [format!("resolve {HUB}:b"), format!("push {GHCR} INDEX a"), format!("push {GHCR} INDEX c")]
    );
    assert_eq!(
        words(&outcome),
        [format!("written {GHCR}:a"), format!("kept {HUB}:b"), format!("written {GHCR}:c")]
    );
}

#[test]
fn a_registry_that_denies_what_is_absent_is_not_believed_but_others_are() {
    for (kind, copies) in
        [(FailureKind::Denied, true), (FailureKind::Unavailable, false), (FailureKind::Unauthorized, false)]
    {
        let (plain, index) = begin(|registry| registry);
        drop(plain);
        let (registry, index) =
            begin(|registry| registry.failing(Verb::Resolve, &by_digest(GHCR, &index), kind));
        let answer = run(&registry, &to(&[(GHCR, &[])], "{}"), &[made(&index)]);
        assert_eq!(answer.is_ok(), copies, "{kind:?}");
        if let Err(error) = answer {
            assert_eq!((error.kind, error.attempts), (kind, 3));
        }
    }
}

#[test]
fn a_repository_that_fails_does_not_keep_the_others_and_is_named() {
    let (registry, index) = begin(|registry| registry.failing(Verb::Push, HUB, FailureKind::Denied));
    let task = to(&[(HUB, &["a"]), (GHCR, &["a"])], "{}");
    let error = run(&registry, &task, &[made(&index)]).unwrap_err();
    assert_eq!((error.kind, error.message), (FailureKind::Denied, format!("Push of `{HUB}` failed")));
    assert_eq!(registry.points_at(&format!("{GHCR}:a")), Some(index));
}

#[test]
fn several_repositories_that_fail_are_all_named() {
    let (registry, index) = begin(|registry| {
        registry.failing(Verb::Push, HUB, FailureKind::Denied).failing(
            Verb::Push,
            GHCR,
            FailureKind::Conflict,
        )
    });
    let task = to(&[(HUB, &["a"]), (GHCR, &["a"])], "{}");
    let error = run(&registry, &task, &[made(&index)]).unwrap_err();
    assert_eq!((error.kind, error.subject.as_str()), (FailureKind::Denied, HUB));
    assert_eq!(
        error.message,
        format!("2 of 2 repositories failed: Push of `{HUB}` failed; Push of `{GHCR}` failed")
    );
}

#[test]
fn the_index_is_not_put_where_a_source_did_not_arrive() {
    let late = task().sources[1].reference.clone();
    let (registry, index) = begin(|registry| registry.failing(Verb::Copy, &late, FailureKind::Unavailable));
    let error = run(&registry, &to(&[(GHCR, &[])], r#"{"root":true}"#), &[made(&index)]).unwrap_err();
    assert_eq!((error.kind, error.subject), (FailureKind::Unavailable, late));
    assert_eq!(registry.points_at(&by_digest(GHCR, &index)), None);
}

#[test]
fn a_tag_is_not_moved_when_it_cannot_be_looked_at() {
    let (registry, index) =
        begin(|registry| registry.failing(Verb::Resolve, &format!("{GHCR}:a"), FailureKind::Cancelled));
    let task = to(&[(GHCR, &["a"])], "{}");
    let error = run(&registry, &task, &[made(&index), present(GHCR)]).unwrap_err();
    assert_eq!(error.kind, FailureKind::Cancelled);
    assert_eq!(registry.points_at(&format!("{GHCR}:a")), None);
}

#[test]
fn what_is_wrong_with_a_task_is_said_before_anything_is_asked() {
    let previous = [made(&digest(9))];
    for (task, previous, want) in [
        (to(&[], "{}"), &previous[..], "target `connect-2026-05-0` has no destinations"),
        (to(&[(GHCR, &[])], "{}"), &[], "no earlier step of target `connect-2026-05-0` made an index"),
        (
            Task { sources: Vec::new(), ..to(&[(GHCR, &[])], "{}") },
            &previous,
            "target `connect-2026-05-0` has no sources",
        ),
        (
            to(&[(GHCR, &[])], r#"{"root":"yes"}"#),
            &previous,
            "the `options` of `step-index-copy` are wrong: `root` is the string `yes`, expected `true` or `false`",
        ),
    ] {
        let registry = FakeRegistry::new();
        let error = run(&registry, &task, previous).unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (FailureKind::InvalidInput, want));
        assert_eq!(registry.asked(), [""; 0]);
    }
}

#[test]
fn what_lies_converted_in_the_temporary_repository_is_copied_as_a_whole() {
    const TMP: &str = "ghcr.io/posit-dev/test/tmp";
    let (registry, index) = begin(|registry| registry);
    let registry = registry.pointing(&by_digest(TMP, &index), &index);
    let task = Task {
        staging: Some(format!("{TMP}:x-soci")),
        ..to(&[(GHCR, &[])], r#"{"root":true,"staged":true}"#)
    };
    let outcome = run(&registry, &task, &[made(&index)]).unwrap();
    assert_eq!(words(&outcome), [format!("copied {GHCR}")]);
    assert_eq!(
        asked(&registry, &index),
        [
            format!("resolve {GHCR}@INDEX"),
            format!("copy to {GHCR} {TMP}@INDEX"),
            format!("push {GHCR} INDEX"),
        ]
    );
    let nowhere = to(&[(GHCR, &[])], r#"{"staged":true}"#);
    let error = run(&registry, &nowhere, &[made(&index)]).unwrap_err();
    assert_eq!(error.message, "target `connect-2026-05-0` has no temporary repository");
}
