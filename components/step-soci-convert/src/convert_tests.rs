//! What is exported, converted and imported, with which words; and that nothing goes on after a failure.

use bakery_sdk::{
    FailureKind,
    reference::by_digest,
    step::{Outcome, Task},
    testing::{FakePrograms, FakeRegistry, digest, task},
};

use super::run;

const TMP: &str = "ghcr.io/posit-dev/test/tmp";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn staged(options: &str) -> Task {
    Task { staging: Some(format!("{TMP}:connect-soci")), options: options.to_owned(), ..task() }
}

fn made() -> [(String, Outcome); 1] {
    [("index-create".to_owned(), Outcome { digest: Some(digest(1)), attributes: Vec::new() })]
}

fn programs(digest: &str) -> FakePrograms {
    FakePrograms::new()
        .answering("export", 0, "")
        .answering("soci convert", 0, "")
        .answering("import", 0, "")
        .importing(digest)
}

fn registry() -> FakeRegistry {
    FakeRegistry::new().with(&by_digest(TMP, &digest(2)), INDEX, "{}")
}

#[test]
fn an_image_is_exported_converted_imported_and_tagged() {
    let (programs, registry) = (programs(&digest(2)), registry());
    let outcome = run(&programs, &registry, &staged("{}"), &made()).unwrap();
    assert_eq!(outcome.digest, Some(digest(2)));
    assert_eq!(outcome.attributes, [("staged".to_owned(), format!("{TMP}:connect-soci"))]);
    assert_eq!(
        programs.ran(),
        [
            format!("export {TMP}@{} ~/src", digest(1)),
            "soci convert --standalone --format oci-dir --all-platforms ~/src ~/out".to_owned(),
            format!("import ~/out {TMP}"),
        ]
    );
    assert_eq!(registry.points_at(&format!("{TMP}:connect-soci")), Some(digest(2)));
}

/// The words of the predecessor, for its own configurations.
#[test]
fn options_become_the_predecessor_s_words() {
    for (options, want) in [
        (
            r#"{"platforms":[],"min-layer-size":"10485760","prefetch-files":["/a","/b"]}"#,
            "--all-platforms --min-layer-size 10485760 --prefetch-file /a --prefetch-file /b",
        ),
        (
            r#"{"platforms":["linux/amd64","linux/arm64"],"span-size":"4194304","min-layer-size":"10485760","optimizations":["xattr"]}"#,
            "--platform linux/amd64 --platform linux/arm64 --span-size 4194304 --min-layer-size 10485760 --optimizations xattr",
        ),
    ] {
        let programs = programs(&digest(2));
        run(&programs, &registry(), &staged(options), &made()).unwrap();
        let want = format!("soci convert --standalone --format oci-dir {want} ~/src ~/out");
        assert_eq!(programs.ran()[1], want);
    }
}

#[test]
fn nothing_goes_on_after_a_failure() {
    for (begins, ran) in [("export", 1), ("soci convert", 2), ("import", 3)] {
        let programs = FakePrograms::new()
            .failing(begins, FailureKind::Internal)
            .answering("export", 0, "")
            .answering("soci convert", 0, "");
        let registry = registry();
        let error = run(&programs, &registry, &staged("{}"), &made()).unwrap_err();
        assert_eq!((error.message, programs.ran().len()), (format!("`{begins}` failed"), ran));
        assert_eq!(registry.asked(), [""; 0], "no tag moves");
    }
}

#[test]
fn a_conversion_that_changed_nothing_is_no_conversion() {
    let error = run(&programs(&digest(1)), &registry(), &staged("{}"), &made()).unwrap_err();
    assert_eq!(error.kind, FailureKind::Conflict);
}

#[test]
fn nothing_runs_for_a_task_that_cannot_be_done() {
    for (task, previous, want) in [
        (Task { staging: None, ..task() }, &made()[..], "has no temporary repository"),
        (staged("{}"), &[], "no earlier step of target"),
        (staged(r#"{"platform":[]}"#), &made(), "`platform` is not a key: did you mean `platforms`?"),
        (staged(r#"{"span-size":4}"#), &made(), "`span-size` is the number `4`"),
    ] {
        let programs = programs(&digest(2));
        let error = run(&programs, &registry(), &task, previous).unwrap_err();
        assert!(error.kind == FailureKind::InvalidInput && error.message.contains(want), "{error:?}");
        assert_eq!(programs.ran(), [""; 0]);
    }
}
