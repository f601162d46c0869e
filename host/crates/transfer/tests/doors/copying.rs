//! Copies: what is brought where, once, whole, and by which way.

use std::time::Duration;

use bakery_core::{
    model::{Manifest, Reference, media_type},
    port::FailureKind,
};
use bakery_fault_registry::{
    Action, Answer, FaultRegistry, Image, ImageBuilder, Lag, LagOf, Operation, Profile, Script, Until, When,
    script::{Mounts, RetryAfter},
};
use bakery_transfer::Copied;

use crate::{
    house::{Run, Setting, digest_of, repository, seed, sources, spawn, two_platforms},
    publish::{all, index_of, publish},
};

fn count(registry: &FaultRegistry, operation: Operation) -> usize {
    registry.log().of(operation).len()
}

/// Copies an image's platforms with a new run, from one registry to `team/app` of another or the same one.
async fn copy(from: &FaultRegistry, image: &Image, to: &FaultRegistry) -> Vec<Copied> {
    let run = Run::new(&[from, to]);
    let target = run.target(&repository(from, &image.repository), &repository(to, "team/app"), &[]);
    let to = repository(to, "team/app");
    all(target.transfer.copy(&target.caller, &sources(from, image), &to).await).unwrap()
}

/// All of the image lies there, bytes and all.
fn check_there(registry: &FaultRegistry, image: &Image) {
    for child in &image.children {
        let stored = registry.manifest("team/app", &child.manifest.digest).expect("the manifest is there");
        assert_eq!((&stored.bytes, &stored.media_type), (&child.manifest.bytes, &child.manifest.media_type));
        for blob in &child.blobs {
            assert_eq!(registry.blob("team/app", &blob.digest).as_ref(), Some(&blob.bytes));
        }
    }
}

fn uploaded(copied: &[Copied]) -> (u32, u64) {
    let bytes = copied.iter().map(|copied| copied.bytes_uploaded).sum();
    (copied.iter().map(|copied| copied.blobs_uploaded).sum(), bytes)
}

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

#[tokio::test]
async fn where_mounts_are_not_known_the_bytes_are_sent_into_the_upload_that_is_opened() {
    let profile = Profile { mounts: Mounts::Refuse, ..Profile::default() };
    let registry = spawn(Script::new().profile(profile));
    let image = seed(&registry, &two_platforms().layers(2).layer_bytes(100_000));
    let copied = copy(&registry, &image, &registry).await;
    check_there(&registry, &image);
    let bytes: usize =
        image.children.iter().flat_map(|child| &child.blobs).map(|blob| blob.bytes.len()).sum();
    assert_eq!(uploaded(&copied), (6, bytes as u64));
    assert_eq!(count(&registry, Operation::StartUpload), 0, "the refusal opened them");
    assert_eq!(count(&registry, Operation::FinishUpload), 6);
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
async fn between_registries_bytes_are_streamed_and_what_is_there_is_not_sent_again() {
    let (here, there) = (spawn(Script::new()), spawn(Script::new().profile(Profile::distribution())));
    let image = seed(&here, &two_platforms().layers(2).layer_bytes(3 << 20));
    let copied = copy(&here, &image, &there).await;
    check_there(&there, &image);
    assert_eq!(uploaded(&copied).0, 6);
    assert_eq!(count(&there, Operation::Mount), 0);
    assert_eq!(count(&there, Operation::PatchUpload), 0, "each in one piece");
    let mark = there.log().mark();
    there.evict("team/app", &image.children[0].manifest.digest);
    let again = copy(&here, &image, &there).await;
    assert_eq!(uploaded(&again).0, 2, "only the configurations, which are smaller than the question");
    assert_eq!(there.log().since(mark).of(Operation::HeadBlob).len(), 4);
    check_there(&there, &image);
}

#[tokio::test]
async fn blobs_that_lie_behind_a_redirect_are_streamed_from_there() {
    let here = spawn(Script::new().profile(Profile { blob_redirect: true, ..Profile::default() }));
    let there = spawn(Script::new());
    let image = seed(&here, &two_platforms().layers(1).layer_bytes(200_000));
    copy(&here, &image, &there).await;
    check_there(&there, &image);
    assert_eq!(count(&here, Operation::CdnBlob), 4);
}

#[tokio::test]
async fn an_upload_goes_on_where_the_registry_says_it_got_to() {
    for keep in [true, false] {
        let (here, there) = (spawn(Script::new()), spawn(Script::new()));
        let image = seed(&here, &two_platforms().platforms(&["linux/amd64"]).layers(1).layer_bytes(2 << 20));
        let cut = Action::CutRequest { at: 1 << 20, keep };
        there.add_rule(When::on(Operation::FinishUpload).nth(1).then(cut).named("cut"));
        copy(&here, &image, &there).await;
        check_there(&there, &image);
        assert_eq!(there.fired()["cut"], 1);
        let status = there.log().of(Operation::UploadStatus);
        assert_eq!(status.len(), 1, "{:#?}", there.log().lines());
        let sizes: Vec<u64> =
            there.log().of(Operation::FinishUpload).entries.iter().map(|entry| entry.bytes_in).collect();
        let largest = image.children[0].blobs.iter().map(|blob| blob.bytes.len() as u64).max().unwrap();
        let rest = if keep { largest - (1 << 20) } else { largest };
        assert_eq!(sizes.last(), Some(&rest), "{sizes:?}");
    }
}

#[tokio::test]
async fn a_source_that_breaks_off_or_lies_is_read_again() {
    for fault in [
        Action::cut_body(100_000),
        Action::truncate_body(100_000),
        Action::CorruptBody,
        Action::ResizeBody { by: -10 },
        Action::ResizeBody { by: 10 },
        Action::status(503),
        Action::reset(),
    ] {
        let (here, there) = (spawn(Script::new()), spawn(Script::new()));
        let image = seed(&here, &two_platforms().platforms(&["linux/amd64"]).layers(1).layer_bytes(300_000));
        let layer = &image.children[0].blobs[1].digest;
        let when = When::on(Operation::GetBlob).path(&format!("**/{layer}"));
        here.add_rule(when.nth(1).then(fault.clone()).named("fault"));
        copy(&here, &image, &there).await;
        check_there(&there, &image);
        assert_eq!(here.fired()["fault"], 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_source_that_always_lies_never_gets_its_bytes_into_the_registry() {
    let (here, there) = (spawn(Script::new()), spawn(Script::new()));
    let image = seed(&here, &two_platforms().platforms(&["linux/amd64"]).layers(1).layer_bytes(300_000));
    let layer = &image.children[0].blobs[1].digest;
    here.add_rule(When::on(Operation::GetBlob).path(&format!("**/{layer}")).then(Action::CorruptBody));
    let run = Run::new(&[&here, &there]);
    let (from, to) = (repository(&here, "team/tmp"), repository(&there, "team/app"));
    let target = run.target(&from, &to, &[]);
    let failure =
        target.transfer.copy(&target.caller, &sources(&here, &image), &to).await.remove(0).unwrap_err();
    assert!(failure.message.contains(layer.as_str()), "{failure}");
    assert!(there.blob("team/app", layer).is_none());
    assert!(there.manifest("team/app", &image.children[0].manifest.digest).is_none());
    assert_eq!(here.log().of(Operation::GetBlob).only(|entry| entry.path.ends_with(layer.as_str())).len(), 2);
}

#[tokio::test]
async fn a_blob_that_its_source_does_not_show_yet_is_waited_for() {
    let here = spawn(Script::new().lag(Lag::new(LagOf::Blobs, Until::Reads(7))));
    let there = spawn(Script::new());
    let image = seed(&here, &two_platforms().layers(1));
    copy(&here, &image, &there).await;
    check_there(&there, &image);
}

#[tokio::test]
async fn what_does_not_pass_in_one_piece_goes_in_several() {
    let (here, there) = (spawn(Script::new()), spawn(Script::new()));
    let image = seed(&here, &two_platforms().platforms(&["linux/amd64"]).layers(1).layer_bytes(40 << 20));
    let layer = &image.children[0].blobs[1];
    // A proxy with a limit stands before the registry.
    let large = When::on(Operation::FinishUpload).query(layer.digest.split(':').nth(1).unwrap());
    there.add_rule(large.nth(1).then(Action::status(413)).named("proxy"));
    copy(&here, &image, &there).await;
    check_there(&there, &image);
    assert_eq!(there.fired()["proxy"], 1);
    let pieces = there.log().of(Operation::PatchUpload);
    assert_eq!(pieces.len(), 2, "{:#?}", there.log().lines());
    assert!(pieces.entries.iter().all(|entry| entry.bytes_in == 16 << 20));
}

#[tokio::test]
async fn a_piece_that_breaks_off_is_sent_again_from_where_it_broke() {
    let (here, there) = (spawn(Script::new()), spawn(Script::new()));
    let image = seed(&here, &two_platforms().platforms(&["linux/amd64"]).layers(1).layer_bytes(40 << 20));
    there.add_rule(When::on(Operation::FinishUpload).first(2).then(Action::status(413)));
    there.add_rule(
        When::on(Operation::PatchUpload)
            .nth(2)
            .then(Action::CutRequest { at: 1 << 20, keep: true })
            .named("cut"),
    );
    copy(&here, &image, &there).await;
    check_there(&there, &image);
    assert_eq!(there.fired()["cut"], 1);
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
