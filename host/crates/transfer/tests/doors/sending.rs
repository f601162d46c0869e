//! Blobs that cannot be mounted: their bytes are sent, whole, once, and not through memory.

use bakery_fault_registry::{Action, Lag, LagOf, Operation, Profile, Script, Until, When, script::Mounts};

use crate::{
    copies::{check_there, copy, count, uploaded},
    house::{Run, repository, seed, sources, spawn, two_platforms},
};

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
        Action::SlowBody { bytes_per_second: 2_000_000 },
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
