//! What oras is asked, and what of its answers is believed.

use bakery_sdk::{
    FailureKind,
    reference::by_digest,
    step::Task,
    testing::{FakePrograms, FakeRegistry, digest, task},
};

use super::run;

const TMP: &str = "ghcr.io/posit-dev/test/tmp";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn staged() -> Task {
    Task {
        staging: Some(format!("{TMP}:connect117cf2c739")),
        annotations: vec![("b".to_owned(), "2=3".to_owned()), ("a".to_owned(), "with space".to_owned())],
        ..task()
    }
}

fn index(amd64: &str, arm64: &str) -> String {
    let child = |architecture: &str, digest: &str| {
        format!(r#"{{"digest":"{digest}","platform":{{"architecture":"{architecture}","os":"linux"}}}}"#)
    };
    format!(r#"{{"manifests":[{},{}]}}"#, child("amd64", amd64), child("arm64", arm64))
}

fn registry(task: &Task, index: &str) -> FakeRegistry {
    FakeRegistry::new().with_sources_of(task).with(&by_digest(TMP, &digest(9)), INDEX, index)
}

fn programs() -> FakePrograms {
    let said = format!("Pushed [registry] x\nDigest: {}\n", digest(9));
    FakePrograms::new().answering("oras cp", 0, "").answering("oras manifest index create", 0, &said)
}

#[test]
fn sources_come_by_platform_and_annotations_last_and_in_order() {
    let (programs, task) = (programs(), staged());
    let outcome = run(&programs, &registry(&task, &index(&digest(1), &digest(2))), &task).unwrap();
    assert_eq!(outcome.digest, Some(digest(9)));
    assert_eq!(outcome.attributes, [("staged".to_owned(), format!("{TMP}:connect117cf2c739"))]);
    assert_eq!(
        programs.ran(),
        [format!(
            "oras manifest index create {TMP}:connect117cf2c739 {TMP}@{} {TMP}@{} --annotation b=2=3 --annotation a=with space",
            digest(1),
            digest(2)
        )]
    );
}

#[test]
fn sources_that_lie_elsewhere_are_copied_first() {
    let mut task = staged();
    task.sources[0].reference = format!("docker.io/posit/other:latest@{}", digest(2));
    task.options = r#"{"plain-http":["docker.io"]}"#.to_owned();
    let programs = programs();
    run(&programs, &registry(&task, &index(&digest(1), &digest(2))), &task).unwrap();
    assert_eq!(
        programs.ran()[0],
        format!("oras cp --from-plain-http docker.io/posit/other@{0} {TMP}@{0}", digest(2))
    );
}

#[test]
fn an_index_of_something_else_is_a_conflict() {
    let task = staged();
    let error = run(&programs(), &registry(&task, &index(&digest(1), &digest(3))), &task).unwrap_err();
    assert_eq!(error.kind, FailureKind::Conflict);
    assert!(
        error.message.contains(&format!("for `linux/arm64` wanted `{}`", digest(2))),
        "{}",
        error.message
    );
}

#[test]
fn nothing_runs_for_a_task_that_cannot_be_done() {
    let mut loose = staged();
    loose.sources[1].reference = format!("{TMP}:latest");
    let mut twice = staged();
    twice.sources[1].platform = twice.sources[0].platform.clone();
    for (task, want) in [
        (Task { staging: None, ..staged() }, "has no temporary repository"),
        (Task { staging: Some(TMP.to_owned()), ..staged() }, "is not `registry/repository:tag`"),
        (Task { options: r#"{"root":true}"#.to_owned(), ..staged() }, "`root` is not a key"),
        (loose, "has no digest"),
        (twice, "two sources are for"),
        (Task { sources: Vec::new(), ..staged() }, "has no sources"),
    ] {
        let programs = programs();
        let error = run(&programs, &registry(&staged(), "{}"), &task).unwrap_err();
        assert_eq!(error.kind, FailureKind::InvalidInput);
        assert!(error.message.contains(want), "{}", error.message);
        assert_eq!(programs.ran(), [""; 0], "{want}");
    }
}

#[test]
fn what_oras_says_of_its_failure_is_passed_on() {
    let task = staged();
    let programs = FakePrograms::new().failing("oras manifest index create", FailureKind::Denied);
    let error = run(&programs, &registry(&task, "{}"), &task).unwrap_err();
    assert_eq!((error.kind, error.attempts), (FailureKind::Denied, 1));
    assert_eq!(programs.ran().len(), 1, "there is one attempt");
}
