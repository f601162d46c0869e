//! Hostile callers: what is not granted is refused at every door, before any request.

use bakery_core::{
    model::{Reference, Repository, media_type},
    policy::RegistryGrants,
    port::{Event, Failure, FailureKind, registry::Access},
};
use bakery_fault_registry::{FaultRegistry, Image, Script};

use crate::{
    house::{
        Listener, Run, Target, caller, digest_of, repository, seed, sources, spawn, tag_of, tagged,
        two_platforms,
    },
    publish::index_of,
};

struct Scene {
    registry: FaultRegistry,
    image: Image,
    from: Repository,
    to: Repository,
}

fn scene() -> Scene {
    let registry = spawn(Script::new());
    let image = seed(&registry, &two_platforms().layers(1));
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    Scene { registry, image, from, to }
}

impl Scene {
    fn target(&self, grants: RegistryGrants) -> Target {
        let run = Run::new(&[&self.registry]);
        let events = std::sync::Arc::new(Listener::default());
        let accesses = [Access::pull(self.from.clone()), Access::push(self.to.clone())];
        let transfer = run.transfer.for_target(&accesses, events.clone());
        Target { transfer, events, caller: caller(grants) }
    }

    fn sources(&self) -> Vec<Reference> {
        sources(&self.registry, &self.image)
    }

    /// Every answer is a denial, each is an event with the same hint, and nothing went over the wire.
    fn check(&self, target: &Target, answers: &[Failure], subject: &str) {
        assert!(!answers.is_empty());
        for failure in answers {
            assert_eq!(failure.kind, FailureKind::Denied, "{failure:?}");
            assert!(failure.message.contains("`step-test` may not"), "{failure}");
            assert_eq!(failure.subject, subject);
            assert!(failure.hint.is_some());
        }
        let denied = |event: &Event| {
            matches!(event, Event::Denied { component, subject: about, hint }
            if component == "step-test" && about == subject && !hint.is_empty())
        };
        assert!(target.events.all().iter().any(denied), "{:?}", target.events.all());
        assert_eq!(self.registry.log().lines(), [""; 0]);
    }
}

fn failures<T: std::fmt::Debug>(answers: Vec<Result<T, Failure>>) -> Vec<Failure> {
    answers.into_iter().map(Result::unwrap_err).collect()
}

#[tokio::test]
async fn a_repository_that_is_not_granted_is_not_read() {
    let scene = scene();
    let other = repository(&scene.registry, "team/other").to_string();
    let reference = [format!("{other}:latest").parse().unwrap()];
    let digest = digest_of(&scene.image.children[0].manifest.digest);
    let grants = RegistryGrants::default().pull(scene.from.clone()).push(scene.to.clone(), [tag_of("1.0")]);
    let target = scene.target(grants);
    let (transfer, caller) = (&target.transfer, &target.caller);
    scene.check(&target, &failures(transfer.resolve(caller, &reference).await), &other);
    scene.check(&target, &failures(transfer.manifests(caller, &reference).await), &other);
    scene.check(&target, &failures(transfer.await_readable(caller, &reference).await), &other);
    scene.check(&target, &failures(transfer.await_digest(caller, &reference, &digest).await), &other);
    let stranger = [Reference::by_digest(other.parse().unwrap(), digest)];
    scene.check(&target, &failures(transfer.copy(caller, &stranger, &scene.to).await), &other);
}

#[tokio::test]
async fn what_another_caller_of_the_target_read_is_not_read_without_a_grant() {
    let scene = scene();
    let target = scene.target(RegistryGrants::default().pull(scene.from.clone()));
    let sources = scene.sources();
    target.transfer.await_readable(&target.caller, &sources).await.remove(0).unwrap();
    let nobody = caller(RegistryGrants::default());
    let answers = failures(target.transfer.manifests(&nobody, &sources[..1]).await);
    assert_eq!(answers[0].kind, FailureKind::Denied, "memory is no way around a grant");
}

#[tokio::test]
async fn a_repository_that_may_only_be_read_is_not_written() {
    let scene = scene();
    let target = scene.target(RegistryGrants::default().pull(scene.from.clone()).pull(scene.to.clone()));
    let subject = scene.to.to_string();
    let copied = target.transfer.copy(&target.caller, &scene.sources(), &scene.to).await;
    assert_eq!(copied.len(), 2, "one answer for each source");
    scene.check(&target, &failures(copied), &subject);
    let index = target.transfer.hold(media_type::OCI_INDEX, index_of(&[])).unwrap().digest;
    let pushed = target.transfer.push(&target.caller, &scene.to, &index, &[]).await;
    scene.check(&target, &[pushed.unwrap_err()], &subject);
}

#[tokio::test]
async fn a_tag_that_is_not_granted_is_not_moved_and_takes_the_granted_ones_down() {
    let scene = scene();
    let target = scene.target(RegistryGrants::default().push(scene.to.clone(), [tag_of("1.0")]));
    let index = target.transfer.hold(media_type::OCI_INDEX, index_of(&[])).unwrap().digest;
    let tags = [tag_of("1.0"), tag_of("latest")];
    let pushed = target.transfer.push(&target.caller, &scene.to, &index, &tags).await;
    scene.check(&target, &[pushed.unwrap_err()], &tagged(&scene.to, "latest").to_string());
}

#[tokio::test]
async fn a_caller_without_grants_reaches_nothing() {
    let scene = scene();
    let target = scene.target(RegistryGrants::default());
    let sources = scene.sources();
    let answers = failures(target.transfer.await_readable(&target.caller, &sources).await);
    scene.check(&target, &answers, &scene.from.to_string());
}

#[tokio::test]
async fn only_what_cannot_change_is_copied_and_only_what_is_known_is_pushed() {
    let scene = scene();
    let grants = RegistryGrants::default().pull(scene.from.clone()).push(scene.to.clone(), []);
    let target = scene.target(grants);
    let by_tag = [tagged(&scene.from, "latest")];
    let failure = target.transfer.copy(&target.caller, &by_tag, &scene.to).await.remove(0).unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidInput);
    assert!(failure.message.contains("has no digest"), "{failure}");
    let digest = digest_of(&scene.image.children[0].manifest.digest);
    let failure = target.transfer.push(&target.caller, &scene.to, &digest, &[]).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidInput);
    assert!(failure.message.contains("neither holds it nor has read it"), "{failure}");
    assert_eq!(scene.registry.counters().requests, 0);
}

#[tokio::test]
async fn only_manifests_of_a_known_type_and_size_are_held() {
    let scene = scene();
    let target = scene.target(RegistryGrants::default());
    let hold = |kind: &str, bytes: Vec<u8>| target.transfer.hold(kind, bytes).unwrap_err();
    for (kind, bytes, expected) in [
        (media_type::OCI_INDEX, vec![b' '; (4 << 20) + 1], "more than 4 MiB"),
        (media_type::OCI_INDEX, b"<html>".to_vec(), "cannot be read"),
        (media_type::OCI_MANIFEST, index_of(&[]), "the registry calls it"),
        ("application/json", b"{\"manifests\":[]}".to_vec(), "is not a manifest or index"),
    ] {
        let failure = hold(kind, bytes);
        assert_eq!(failure.kind, FailureKind::InvalidInput);
        assert!(failure.message.contains(expected), "{failure}");
    }
}
