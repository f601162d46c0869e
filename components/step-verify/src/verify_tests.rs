//! What is proved, and what every difference is called.

use bakery_sdk::{
    Failure, FailureKind,
    reference::by_digest,
    registry::Registry as _,
    step::{Destination, Outcome, Task},
    testing::{FakeRegistry, Verb, digest, task},
};

use super::run;

const HUB: &str = "docker.io/posit/connect";
const GHCR: &str = "ghcr.io/posit-dev/connect";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn destination(repository: &str, tags: &[&str]) -> Destination {
    Destination {
        repository: repository.to_owned(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
    }
}

/// A target with two repositories, of which one gets two tags and the other none.
fn published() -> Task {
    Task { destinations: vec![destination(GHCR, &["2026.05.0", "latest"]), destination(HUB, &[])], ..task() }
}

/// An index of these platforms and digests.
fn index(children: &[(&str, String)]) -> Vec<u8> {
    let child = |(architecture, digest): &(&str, String)| {
        format!(r#"{{"digest":"{digest}","platform":{{"architecture":"{architecture}","os":"linux"}}}}"#)
    };
    format!(r#"{{"manifests":[{}]}}"#, children.iter().map(child).collect::<Vec<_>>().join(",")).into_bytes()
}

fn right() -> Vec<u8> {
    index(&[("amd64", digest(1)), ("arm64", digest(2))])
}

/// Registries that hold this index where [`published`] wants it.
fn holding(registry: FakeRegistry, bytes: &[u8]) -> (FakeRegistry, Vec<(String, Outcome)>) {
    let index = registry.hold(INDEX, bytes).unwrap().digest;
    registry.push(GHCR, &index, &["2026.05.0".to_owned(), "latest".to_owned()]).unwrap();
    registry.push(HUB, &index, &[]).unwrap();
    let made = Outcome { digest: Some(index), attributes: Vec::new() };
    (registry, vec![("index-create".to_owned(), made)])
}

fn verify(registry: FakeRegistry, bytes: &[u8]) -> (Result<Outcome, Failure>, String) {
    let (registry, previous) = holding(registry, bytes);
    let index = previous[0].1.digest.clone().unwrap();
    (run(&registry, &published(), &previous), index)
}

#[test]
fn every_tag_and_a_bare_digest_are_read_back_with_one_call() {
    let (registry, previous) = holding(FakeRegistry::new(), &right());
    let index = previous[0].1.digest.clone().unwrap();
    let outcome = run(&registry, &published(), &previous).unwrap();
    let places = [format!("{GHCR}:2026.05.0"), format!("{GHCR}:latest"), by_digest(HUB, &index)];
    assert_eq!(outcome.digest, None);
    assert_eq!(outcome.attributes, places.clone().map(|place| ("verified".to_owned(), place)));
    assert_eq!(
        registry.asked()[3..],
        [
            format!("get-manifest {}", by_digest(GHCR, &index)),
            format!("await-digest {index} {}", places.join(" "))
        ]
    );
}

#[test]
fn a_tag_that_points_elsewhere_is_the_host_s_failure() {
    let (registry, previous) = holding(FakeRegistry::new(), &right());
    let other = registry.hold(INDEX, b"other").unwrap().digest;
    registry.push(GHCR, &other, &["latest".to_owned()]).unwrap();
    let error = run(&registry, &published(), &previous).unwrap_err();
    let index = previous[0].1.digest.as_ref().unwrap();
    assert_eq!((error.kind, error.subject), (FailureKind::Conflict, format!("{GHCR}:latest")));
    assert_eq!(error.message, format!("`{GHCR}:latest` points at {other}, not at {index}"));
}

#[test]
fn tags_that_cannot_be_read_are_all_named() {
    let registry = FakeRegistry::new()
        .failing(Verb::AwaitDigest, &format!("{GHCR}:latest"), FailureKind::TimedOut)
        .failing(Verb::AwaitDigest, &format!("{GHCR}:2026.05.0"), FailureKind::NotFound);
    let (answer, index) = verify(registry, &right());
    let error = answer.unwrap_err();
    assert_eq!((error.kind, error.attempts), (FailureKind::NotFound, 3));
    assert_eq!(
        error.message,
        format!(
            "2 of 3 tags do not point at `{index}`: AwaitDigest of `{GHCR}:2026.05.0` failed; \
             AwaitDigest of `{GHCR}:latest` failed"
        )
    );
}

#[test]
fn an_index_that_is_not_made_of_the_sources_is_a_conflict_that_says_wanted_and_got() {
    let (one, two, three) = (digest(1), digest(2), digest(3));
    for (children, want) in [
        (vec![("amd64", one.clone())], format!("for `linux/arm64` wanted `{two}`, got nothing")),
        (
            vec![("amd64", one.clone()), ("arm64", three.clone())],
            format!("for `linux/arm64` wanted `{two}`, got `{three}`"),
        ),
        (
            vec![("amd64", two.clone()), ("arm64", one.clone())],
            format!(
                "for `linux/amd64` wanted `{one}`, got `{two}`; for `linux/arm64` wanted `{two}`, got `{one}`"
            ),
        ),
        (
            vec![("amd64", one.clone()), ("arm64", two.clone()), ("s390x", three.clone())],
            format!("for `linux/s390x` wanted nothing, got `{three}`"),
        ),
        (
            vec![("amd64", one.clone()), ("arm64", two.clone()), ("arm64", two.clone())],
            format!("for `linux/arm64` wanted `{two}`, got `{two}` and `{two}`"),
        ),
        (
            vec![],
            format!(
                "for `linux/amd64` wanted `{one}`, got nothing; for `linux/arm64` wanted `{two}`, got nothing"
            ),
        ),
    ] {
        let (answer, made) = verify(FakeRegistry::new(), &index(&children));
        let error = answer.unwrap_err();
        assert_eq!((error.kind, &error.subject), (FailureKind::Conflict, &made));
        assert_eq!(error.message, format!("the index `{made}` differs from its sources: {want}"));
    }
}

#[test]
fn what_is_no_index_is_a_conflict_whatever_it_holds() {
    for bytes in [
        &b""[..],
        b"[]",
        b"{}",
        br#"{"manifests":{}}"#,
        br#"{"manifests":[{}]}"#,
        br#"{"manifests":[{"digest":"x"}]}"#,
        br#"{"manifests":[{"digest":"x","platform":{"os":"linux"}}]}"#,
        br#"{"manifests":[{"digest":1,"platform":{"os":"linux","architecture":"amd64"}}]}"#,
    ] {
        let (answer, index) = verify(FakeRegistry::new(), bytes);
        let error = answer.unwrap_err();
        let want = format!("`{index}` is not an index whose manifests have a platform and a digest");
        assert_eq!((error.kind, error.message), (FailureKind::Conflict, want));
    }
}

#[test]
fn variants_are_part_of_a_platform() {
    let (registry, _) = holding(FakeRegistry::new(), &right());
    let mut task = published();
    task.sources[0].platform.variant = Some("v8".to_owned());
    let text = String::from_utf8(right()).unwrap();
    let with = text.replace(r#""arm64","os":"linux""#, r#""arm64","os":"linux","variant":"v8""#);
    for (bytes, good) in [(text, false), (with, true)] {
        let index = registry.hold(INDEX, bytes.as_bytes()).unwrap().digest;
        task.destinations = vec![destination(GHCR, &["v"])];
        registry.push(GHCR, &index, &["v".to_owned()]).unwrap();
        let made = Outcome { digest: Some(index), attributes: Vec::new() };
        assert_eq!(run(&registry, &task, &[("index-create".to_owned(), made)]).is_ok(), good);
    }
}

#[test]
fn verifying_nothing_is_refused() {
    let previous = [("index-create".to_owned(), Outcome { digest: Some(digest(9)), attributes: Vec::new() })];
    let mut loose = published();
    loose.sources[0].reference = "ghcr.io/a/b:1".to_owned();
    for (task, previous, want) in [
        (task(), &previous[..], "target `connect-2026-05-0` has no destinations"),
        (published(), &[], "no earlier step of target `connect-2026-05-0` made an index"),
        (Task { sources: Vec::new(), ..published() }, &previous, "target `connect-2026-05-0` has no sources"),
        (loose, &previous, "source `ghcr.io/a/b:1` has no digest"),
        (
            Task { options: "[]".to_owned(), ..published() },
            &previous,
            "the `options` of `step-verify` are wrong: it is an array, expected an object",
        ),
    ] {
        let registry = FakeRegistry::new();
        let error = run(&registry, &task, previous).unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (FailureKind::InvalidInput, want));
        assert_eq!(registry.asked(), [""; 0]);
    }
}
