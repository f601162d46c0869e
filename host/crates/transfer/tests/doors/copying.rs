//! Copies: what is brought where, once, whole, and by which way.

use std::time::Duration;

use bakery_core::{
    model::{Digest, Manifest, Reference, media_type},
    port::FailureKind,
};
use bakery_fault_registry::{
    Action, Answer, ImageBuilder, Operation, Profile, Script, When,
    script::{MissingChildren, RetryAfter},
};

use crate::{
    copies::{check_there, copy, count, uploaded},
    house::{Run, Setting, digest_of, repository, seed, sources, spawn, two_platforms},
    publish::{all, index_of, publish},
};

#[tokio::test]
async fn within_one_repository_there_is_nothing_to_copy() {
    let registry = spawn(Script::new());
    let image = seed(&registry, &two_platforms().layers(1));
    let from = repository(&registry, "team/tmp");
    let target = Run::new(&[&registry]).target(&from, &from, &[]);
    let copied = target.transfer.copy(&target.caller, &sources(&registry, &image), &from).await;
    let copied = all(copied).unwrap();
    assert_eq!(copied[0].descriptor.digest.as_str(), image.children[0].manifest.digest);
    assert_eq!((copied[0].manifests_pushed, copied[0].blobs_mounted), (0, 0));
    assert!(registry.log().only(|entry| entry.operation.writes()).is_empty());
}

#[tokio::test]
async fn an_index_is_copied_with_everything_below_it_children_before_parents() {
    let registry = spawn(Script::new());
    let image = ImageBuilder::new("team/tmp").layers(2).attestations().docker().build().unwrap();
    registry.seed(&image).unwrap();
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    let index = image.index.clone().unwrap();
    let target = Run::new(&[&registry]).target(&from, &to, &[]);
    let source = [Reference::by_digest(from, digest_of(&index.digest))];
    let copied = all(target.transfer.copy(&target.caller, &source, &to).await).unwrap();
    assert_eq!(copied[0].manifests_pushed, 1 + 4);
    assert_eq!(copied[0].blobs_mounted as usize, image.blob_count());
    check_there(&registry, &image);
    assert_eq!(registry.manifest("team/app", &index.digest).unwrap().bytes, index.bytes, "to the byte");
    let puts = registry.log().of(Operation::PutManifest);
    assert!(puts.entries.last().unwrap().path.ends_with(&index.digest), "{:#?}", puts.lines());
    assert!(puts.entries.iter().all(|entry| entry.status == Some(201)));
}

#[tokio::test]
async fn an_index_of_indexes_is_copied_to_a_bounded_depth() {
    let registry = spawn(Script::new());
    let image = seed(&registry, &two_platforms().layers(1));
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    let run = Run::new(&[&registry]);
    let maker = run.target(&from, &from, &[]);
    let child = all(maker.transfer.manifests(&maker.caller, &sources(&registry, &image)[..1]).await).unwrap();
    let mut nested: Vec<Manifest> = child;
    for depth in 1..=6 {
        let bytes = index_of(&nested);
        let held = maker.transfer.hold(media_type::OCI_INDEX, bytes.clone()).unwrap();
        maker.transfer.push(&maker.caller, &from, &held.digest, &[]).await.unwrap();
        nested = vec![Manifest::parse(bytes, None).unwrap()];
        let target = Run::new(&[&registry]).target(&from, &to, &[]);
        let source = [Reference::by_digest(from.clone(), held.digest.clone())];
        let copied = target.transfer.copy(&target.caller, &source, &to).await.remove(0);
        if depth <= 4 {
            assert_eq!(copied.unwrap().descriptor.digest, held.digest);
        } else {
            let failure = copied.unwrap_err();
            assert_eq!(failure.kind, FailureKind::InvalidInput);
            assert!(failure.message.contains("indexes deep"), "{failure}");
            assert!(registry.manifest("team/app", held.digest.as_str()).is_none());
        }
    }
}

/// An index whose entries are nowhere.
fn promises(count: usize, salt: usize) -> Vec<u8> {
    let kind = media_type::OCI_INDEX;
    let entries: Vec<String> = (0..count)
        .map(|number| {
            let digest = Digest::of(format!("{salt} {number}").as_bytes());
            format!(r#"{{"mediaType":"{kind}","digest":"{digest}","size":2}}"#)
        })
        .collect();
    format!(r#"{{"schemaVersion":2,"mediaType":"{kind}","manifests":[{}]}}"#, entries.join(",")).into_bytes()
}

#[tokio::test]
async fn a_document_that_promises_too_much_is_not_followed() {
    let profile = Profile { missing_children: MissingChildren::Accept, ..Profile::default() };
    let registry = spawn(Script::new().profile(profile));
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    let maker = Run::new(&[&registry]).target(&from, &from, &[]);
    let mut children = Vec::new();
    for salt in 0..5 {
        let bytes = promises(4000, salt);
        let held = maker.transfer.hold(media_type::OCI_INDEX, bytes.clone()).unwrap();
        maker.transfer.push(&maker.caller, &from, &held.digest, &[]).await.unwrap();
        children.push(Manifest::parse(bytes, None).unwrap());
    }
    let root = maker.transfer.hold(media_type::OCI_INDEX, index_of(&children)).unwrap();
    maker.transfer.push(&maker.caller, &from, &root.digest, &[]).await.unwrap();
    let mark = registry.log().mark();
    let target = Run::new(&[&registry]).target(&from, &to, &[]);
    let source = [Reference::by_digest(from, root.digest)];
    let failure = target.transfer.copy(&target.caller, &source, &to).await.remove(0).unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidInput, "{failure}");
    assert!(failure.message.contains("more than 16384 parts"), "{failure}");
    let asked = registry.log().since(mark);
    assert!(asked.len() < 1000, "{} requests", asked.len());
    assert!(!asked.entries.iter().any(|entry| entry.applied));
}

#[tokio::test]
async fn a_closed_door_is_tried_once_and_then_the_bytes_are_sent() {
    for status in [401, 403, 405] {
        let refused = When::on(Operation::Mount).then(Action::status(status));
        let registry = spawn(Script::new().rule(refused));
        let image = seed(&registry, &two_platforms().platforms(&["linux/amd64"]).layers(5));
        let run = Run::with(&[&registry], Setting { per_host: 1, ..Setting::default() });
        let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
        let target = run.target(&from, &to, &[]);
        let copied = target.transfer.copy(&target.caller, &sources(&registry, &image), &to).await;
        assert_eq!(uploaded(&all(copied).unwrap()).0, 6, "{status}");
        check_there(&registry, &image);
        assert_eq!(count(&registry, Operation::Mount), 1, "{status}");
    }
}

#[tokio::test]
async fn a_mount_that_makes_no_sense_to_the_registry_is_no_failure() {
    for answer in [Answer::status(501), Answer::status(400), Answer::status(404)] {
        let refused = When::on(Operation::Mount).then(Action::answer(answer));
        let registry = spawn(Script::new().rule(refused));
        let image = seed(&registry, &two_platforms().layers(1));
        assert_eq!(uploaded(&copy(&registry, &image, &registry).await).0, 4);
        check_there(&registry, &image);
    }
}

#[tokio::test]
async fn refusals_for_being_too_fast_and_lost_answers_are_survived() {
    for action in [
        Action::answer(Answer::too_many(RetryAfter::Seconds(0))),
        Action::answer(Answer::ghcr_rate("1ms")),
        Action::status(500),
        Action::reset(),
        Action::reset_after(),
        Action::answer_after(Answer::status(502)),
    ] {
        for operation in [Operation::Mount, Operation::PutManifest, Operation::GetManifest] {
            let registry = spawn(Script::new());
            let image = seed(&registry, &two_platforms().layers(2));
            registry.add_rule(When::on(operation).first(2).then(action.clone()).named("fault"));
            copy(&registry, &image, &registry).await;
            check_there(&registry, &image);
            assert_eq!(registry.fired()["fault"], 2, "{action:?}");
        }
        for operation in [Operation::StartUpload, Operation::FinishUpload, Operation::GetBlob] {
            let (here, there) = (spawn(Script::new()), spawn(Script::new()));
            let image = seed(&here, &two_platforms().layers(2).layer_bytes(70_000));
            let place = if operation == Operation::GetBlob { &here } else { &there };
            place.add_rule(When::on(operation).first(2).then(action.clone()).named("fault"));
            copy(&here, &image, &there).await;
            check_there(&there, &image);
            assert_eq!(place.fired()["fault"], 2, "{action:?} {operation:?}");
        }
    }
}

#[tokio::test]
async fn a_failure_that_stays_is_one_sentence_and_leaves_the_parent_unwritten() {
    let registry = spawn(Script::new());
    let image = seed(&registry, &two_platforms().layers(3));
    let blob = &image.children[1].blobs[2].digest;
    registry.evict("team/tmp", blob);
    let mut target = Run::new(&[&registry]).target(
        &repository(&registry, "team/tmp"),
        &repository(&registry, "team/app"),
        &["1"],
    );
    target.caller.window = Duration::from_millis(100);
    let to = repository(&registry, "team/app");
    let failure = publish(&target, &sources(&registry, &image), &to, &["1"]).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
    assert!(failure.message.contains(blob.as_str()), "{failure}");
    assert!(registry.manifest("team/app", &image.children[1].manifest.digest).is_none());
    assert!(registry.history().is_empty(), "no tag was touched");
}
