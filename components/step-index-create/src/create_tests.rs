//! What the index is made of, and what cannot be one.

use bakery_sdk::{
    FailureKind,
    reference::by_digest,
    step::Task,
    testing::{FakeRegistry, Verb, digest, image_manifest, task},
};

use super::run;

const TMP: &str = "ghcr.io/posit-dev/test/tmp";

fn annotated(pairs: &[(&str, &str)]) -> Task {
    let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    Task { annotations: pairs.iter().map(own).collect(), ..task() }
}

fn refused(registry: &FakeRegistry, task: &Task) -> String {
    let error = run(registry, task, &[]).unwrap_err();
    assert_eq!(error.kind, FailureKind::InvalidInput, "{error:?}");
    error.message
}

#[test]
fn the_index_lists_the_sources_by_platform_and_lies_nowhere_yet() {
    let task = annotated(&[("org.opencontainers.image.version", "2026.05.0"), ("a", "<b>")]);
    let registry = FakeRegistry::new().with_sources_of(&task);
    let outcome = run(&registry, &task, &[]).unwrap();
    let index = outcome.digest.unwrap();
    let size = |at: usize| image_manifest(&task.sources[at].reference).1.len();
    assert_eq!(
        String::from_utf8(registry.bytes(&index).unwrap()).unwrap(),
        format!(
            concat!(
                r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":["#,
                r#"{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{}","size":{},"#,
                r#""platform":{{"architecture":"amd64","os":"linux"}}}},"#,
                r#"{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{}","size":{},"#,
                r#""platform":{{"architecture":"arm64","os":"linux"}}}}],"#,
                r#""annotations":{{"a":"\u003cb\u003e","org.opencontainers.image.version":"2026.05.0"}}}}"#,
            ),
            digest(1),
            size(1),
            digest(2),
            size(0),
        )
    );
    assert_eq!(outcome.attributes, []);
    let references = [&task.sources[0].reference, &task.sources[1].reference];
    assert_eq!(
        registry.asked(),
        [
            format!("get-manifest {} {}", references[0], references[1]),
            "hold application/vnd.oci.image.index.v1+json".to_owned()
        ]
    );
}

#[test]
fn the_order_of_sources_and_annotations_does_not_change_the_digest() {
    let task = annotated(&[("b", "2"), ("a", "1")]);
    let mut other = annotated(&[("a", "1"), ("b", "2")]);
    other.sources.reverse();
    let registry = FakeRegistry::new().with_sources_of(&task);
    let [first, second] = [&task, &other].map(|task| run(&registry, task, &[]).unwrap().digest);
    assert_eq!(first, second);
}

#[test]
fn docker_manifests_keep_their_media_type_in_an_oci_index() {
    let mut task = task();
    task.sources.truncate(1);
    let docker = "application/vnd.docker.distribution.manifest.v2+json";
    let registry = FakeRegistry::new().with(&task.sources[0].reference, docker, "{}");
    let index = run(&registry, &task, &[]).unwrap().digest.unwrap();
    let text = String::from_utf8(registry.bytes(&index).unwrap()).unwrap();
    assert!(text.contains(r#""mediaType":"application/vnd.oci.image.index.v1+json","#), "{text}");
    assert!(
        text.contains(&format!(r#"{{"mediaType":"{docker}","digest":"{}","size":2,"#, digest(2))),
        "{text}"
    );
}

#[test]
fn a_staged_index_lies_under_its_tag_and_only_foreign_sources_are_copied() {
    let mut task = task();
    task.sources[0].reference = by_digest("docker.io/posit/other", &digest(2));
    task.staging = Some(format!("{TMP}:connect-2026-05-0117cf2c739"));
    let registry = FakeRegistry::new().with_sources_of(&task);
    let outcome = run(&registry, &task, &[]).unwrap();
    let index = outcome.digest.unwrap();
    assert_eq!(
        registry.asked()[2..],
        [
            format!("copy to {TMP} docker.io/posit/other@{}", digest(2)),
            format!("push {TMP} {index} connect-2026-05-0117cf2c739"),
        ]
    );
    assert_eq!(registry.points_at(task.staging.as_ref().unwrap()), Some(index));
    assert_eq!(outcome.attributes, [("staged".to_owned(), task.staging.unwrap())]);
}

#[test]
fn a_staged_index_of_near_sources_is_only_pushed() {
    let task = Task { staging: Some(format!("{TMP}:x")), ..task() };
    let registry = FakeRegistry::new().with_sources_of(&task);
    run(&registry, &task, &[]).unwrap();
    assert!(!registry.asked().iter().any(|line| line.starts_with("copy")), "{:?}", registry.asked());
}

#[test]
fn a_staging_tag_is_untouched_when_a_source_cannot_be_copied() {
    let mut task = task();
    task.sources[0].reference = by_digest("docker.io/posit/other", &digest(2));
    task.staging = Some(format!("{TMP}:x"));
    let far = &task.sources[0].reference;
    let registry =
        FakeRegistry::new().with_sources_of(&task).failing(Verb::Copy, far, FailureKind::Unavailable);
    let error = run(&registry, &task, &[]).unwrap_err();
    assert_eq!((error.kind, &error.subject, error.attempts), (FailureKind::Unavailable, far, 3));
    assert_eq!(registry.points_at(&format!("{TMP}:x")), None);
}

#[test]
fn sources_that_cannot_be_one_index_are_refused() {
    let task = task();
    let one = &task.sources[0].reference;
    for (media_type, want) in [
        (
            "application/vnd.oci.image.index.v1+json",
            "is itself an index: an index is made of manifests for one platform each",
        ),
        (
            "application/vnd.docker.distribution.manifest.list.v2+json",
            "is itself an index: an index is made of manifests for one platform each",
        ),
        (
            "application/vnd.cncf.helm.chart+json",
            "is no image manifest: its media type is `application/vnd.cncf.helm.chart+json`",
        ),
    ] {
        let rest = Task { sources: vec![task.sources[1].clone()], ..task.clone() };
        let registry = FakeRegistry::new().with_sources_of(&rest).with(one, media_type, "{}");
        assert_eq!(refused(&registry, &task), format!("source `{one}` {want}"));
    }
}

#[test]
fn what_is_wrong_with_a_task_is_said_before_anything_is_asked() {
    let mut twice = task();
    twice.sources[1].platform = twice.sources[0].platform.clone();
    let (one, other) = (twice.sources[0].reference.clone(), twice.sources[1].reference.clone());
    let mut loose = task();
    loose.sources[1].reference = format!("{TMP}:latest");
    let staged = |reference: &str| Task { staging: Some(reference.to_owned()), ..task() };
    for (task, want) in [
        (Task { sources: Vec::new(), ..task() }, "target `connect-2026-05-0` has no sources".to_owned()),
        (
            twice,
            format!(
                "two sources are for `linux/arm64`: `{one}` and `{other}`; an index has one per platform"
            ),
        ),
        (loose, format!("source `{TMP}:latest` has no digest: it could be another image tomorrow")),
        (
            annotated(&[("a", "1"), ("b", "1"), ("a", "1")]),
            "annotation `a` of target `connect-2026-05-0` is given twice".to_owned(),
        ),
        (staged(TMP), format!("the staging reference `{TMP}` is not `registry/repository:tag`")),
        (
            staged(&format!("{TMP}:x@{}", digest(3))),
            format!("the staging reference `{TMP}:x@{}` is not `registry/repository:tag`", digest(3)),
        ),
        (
            Task { options: r#"{"sort":false}"#.to_owned(), ..task() },
            "the `options` of `step-index-create` are wrong: `sort` is not a key: there is none".to_owned(),
        ),
    ] {
        let registry = FakeRegistry::new().with_sources_of(&task);
        assert_eq!(refused(&registry, &task), want);
        assert_eq!(registry.asked(), [""; 0], "{want}");
    }
}

#[test]
fn failures_of_the_host_are_passed_on_as_they_are() {
    let task = Task { staging: Some(format!("{TMP}:x")), ..task() };
    let one = &task.sources[0].reference;
    for (verb, subject, kind) in [
        (Verb::GetManifest, one.as_str(), FailureKind::NotFound),
        (Verb::Hold, "application/vnd.oci.image.index.v1+json", FailureKind::Internal),
        (Verb::Push, TMP, FailureKind::Cancelled),
    ] {
        let registry = FakeRegistry::new().with_sources_of(&task).failing(verb, subject, kind);
        let error = run(&registry, &task, &[]).unwrap_err();
        assert_eq!((error.kind, error.subject.as_str(), error.attempts), (kind, subject, 3));
        assert_eq!(error.message, format!("{verb:?} of `{subject}` failed"));
    }
}
