//! Many at the same time, and ends in the middle: whose work is shared, who waits for whom, and who need not.

use std::time::{Duration, Instant};

use bakery_core::port::FailureKind;
use bakery_fault_registry::{
    Action, Operation, Profile, Script, When,
    script::{Mounts, Point},
};
use bakery_transfer::TransferOptions;
use futures_util::future::join_all;

use crate::{
    house::{Run, Setting, repository, seed, sources, spawn, tagged, two_platforms},
    publish::{all, publish},
};

const PATIENCE: Duration = Duration::from_secs(20);

/// The digits of a digest, as they stand in queries.
fn digits(digest: &str) -> &str {
    digest.trim_start_matches("sha256:")
}

#[tokio::test]
async fn who_waits_for_a_blob_that_fails_fails_with_it_and_who_comes_later_tries_again() {
    let registry = spawn(Script::new().latency_ms(10));
    let image = seed(&registry, &two_platforms().platforms(&["linux/amd64"]).layers(1));
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    registry.add_rule(When::on(Operation::Mount).then(Action::status(500)).named("down"));
    let run = Run::with(&[&registry], Setting { attempts: 2, ..Setting::default() });
    let targets: Vec<_> = (0..10).map(|_| run.target(&from, &to, &[])).collect();
    let references = sources(&registry, &image);
    let copies = targets.iter().map(|target| target.transfer.copy(&target.caller, &references, &to));
    let outcomes = join_all(copies).await;
    assert!(outcomes.iter().all(|outcome| outcome[0].is_err()));
    let tried = registry.fired()["down"];
    assert!(tried <= 4, "two attempts for each of two blobs, not for each of ten targets: {tried}");
    registry.clear_rules();
    let later = targets[0].transfer.copy(&targets[0].caller, &references, &to).await;
    assert_eq!(all(later).unwrap()[0].blobs_mounted, 2);
}

#[tokio::test]
async fn whoever_goes_away_leaves_its_work_to_those_who_wait() {
    let registry = spawn(Script::new());
    let image = seed(&registry, &two_platforms().platforms(&["linux/amd64"]).layers(2));
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    registry.add_rule(When::on(Operation::Mount).nth(1).then(Action::Stall { point: Point::Before }));
    let run = Run::new(&[&registry]);
    let (first, second) = (run.target(&from, &to, &[]), run.target(&from, &to, &[]));
    let references = sources(&registry, &image);
    let gone = tokio::time::timeout(
        Duration::from_millis(200),
        first.transfer.copy(&first.caller, &references, &to),
    );
    let (gone, there) = tokio::join!(gone, second.transfer.copy(&second.caller, &references, &to));
    assert!(gone.is_err(), "the first one was given up");
    assert!(there[0].is_ok(), "{there:?}");
    assert!(registry.manifest("team/app", &image.children[0].manifest.digest).is_some());
}

#[tokio::test]
async fn who_waits_for_somebody_else_still_ends_with_its_own_time() {
    let registry = spawn(Script::new());
    let image = seed(&registry, &two_platforms().platforms(&["linux/amd64"]).layers(1));
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    registry.add_rule(When::on(Operation::Mount).then(Action::Stall { point: Point::Before }));
    let run = Run::new(&[&registry]);
    let (first, mut second) = (run.target(&from, &to, &[]), run.target(&from, &to, &[]));
    let began = Instant::now();
    second.caller.deadline = Some((began + Duration::from_millis(300)).into());
    let references = sources(&registry, &image);
    let outcome = tokio::select! {
        _ = first.transfer.copy(&first.caller, &references, &to) => panic!("nobody answers it"),
        outcome = second.transfer.copy(&second.caller, &references, &to) => outcome,
    };
    assert_eq!(outcome[0].clone().unwrap_err().kind, FailureKind::TimedOut);
    assert!(began.elapsed() < PATIENCE);
}

#[tokio::test]
async fn a_cancelled_run_ends_in_the_middle_of_whatever_it_does() {
    for operation in
        [Operation::Mount, Operation::FinishUpload, Operation::PutManifest, Operation::HeadManifest]
    {
        let profile = match operation {
            Operation::FinishUpload => Profile { mounts: Mounts::Refuse, ..Profile::default() },
            _ => Profile::default(),
        };
        let registry = spawn(Script::new().profile(profile));
        let image = seed(&registry, &two_platforms().layers(1).layer_bytes(100_000));
        let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
        registry.add_rule(When::on(operation).then(Action::Stall { point: Point::Before }).named("stall"));
        let run = Run::new(&[&registry]);
        let target = run.target(&from, &to, &["1"]);
        let references = sources(&registry, &image);
        let began = Instant::now();
        let cancel = async {
            while registry.fired()["stall"] == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            run.cancel.cancel();
            Instant::now()
        };
        let (outcome, cancelled) = tokio::join!(publish(&target, &references, &to, &["1"]), cancel);
        assert_eq!(outcome.unwrap_err().kind, FailureKind::Cancelled, "{operation:?}");
        assert!(cancelled.elapsed() < Duration::from_secs(5) && began.elapsed() < PATIENCE, "{operation:?}");
        assert!(registry.history().is_empty());
    }
}

#[tokio::test]
async fn an_attempt_that_is_never_answered_ends_and_is_made_again() {
    for operation in [
        Operation::GetManifest,
        Operation::Mount,
        Operation::GetBlob,
        Operation::FinishUpload,
        Operation::PutManifest,
    ] {
        let sends = matches!(operation, Operation::GetBlob | Operation::FinishUpload);
        let profile =
            Profile { mounts: if sends { Mounts::Refuse } else { Mounts::Accept }, ..Profile::default() };
        for point in [Point::Before, Point::After] {
            let registry = spawn(Script::new().profile(profile.clone()));
            let image = seed(&registry, &two_platforms().layers(1).layer_bytes(100_000));
            let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
            registry.add_rule(When::on(operation).nth(2).then(Action::Stall { point }).named("stall"));
            let attempt = Duration::from_millis(500);
            let options = TransferOptions { attempt, blob_attempt: attempt, ..Setting::default().options };
            let run = Run::with(&[&registry], Setting { options, ..Setting::default() });
            let target = run.target(&from, &to, &["1"]);
            publish(&target, &sources(&registry, &image), &to, &["1"]).await.unwrap();
            assert_eq!((registry.fired()["stall"], registry.audit()), (1, Vec::new()), "{operation:?}");
        }
    }
}

#[tokio::test]
async fn small_requests_find_a_way_past_large_blobs() {
    let (here, there) = (spawn(Script::new()), spawn(Script::new()));
    let image = seed(&here, &two_platforms().layers(4).layer_bytes(2 << 20));
    there.add_rule(When::on(Operation::FinishUpload).then(Action::pause("large")));
    let (from, to) = (repository(&here, "team/tmp"), repository(&there, "team/app"));
    let options = TransferOptions { large: 2, ..Setting::default().options };
    let run = Run::with(&[&here, &there], Setting { options, per_host: 3, ..Setting::default() });
    let target = run.target(&from, &to, &[]);
    let references = sources(&here, &image);
    let looking = async {
        while there.paused().len() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let look = target.transfer.resolve(&target.caller, &[tagged(&to, "latest")]).await;
        assert_eq!(look[0].clone().unwrap_err().kind, FailureKind::NotFound, "it was asked and answered");
        assert_eq!(there.paused().len(), 2, "while large blobs are on their way");
        there.clear_rules();
        assert_eq!(there.release(), 2);
    };
    let (copied, ()) = tokio::join!(target.transfer.copy(&target.caller, &references, &to), looking);
    all(copied).unwrap();
    for child in &image.children {
        assert!(there.manifest("team/app", &child.manifest.digest).is_some());
    }
}

#[tokio::test]
async fn the_largest_blobs_go_first() {
    let (here, there) = (spawn(Script::new()), spawn(Script::new()));
    let image = seed(&here, &two_platforms().platforms(&["linux/amd64"]).layers(3).layer_bytes(3 << 20));
    let (from, to) = (repository(&here, "team/tmp"), repository(&there, "team/app"));
    let run = Run::with(&[&here, &there], Setting { per_host: 1, ..Setting::default() });
    let target = run.target(&from, &to, &[]);
    all(target.transfer.copy(&target.caller, &sources(&here, &image), &to).await).unwrap();
    let mut wanted: Vec<_> = image.children[0].blobs.iter().collect();
    wanted.sort_by_key(|blob| std::cmp::Reverse(blob.bytes.len()));
    let asked: Vec<String> = there
        .log()
        .only(|entry| matches!(entry.operation, Operation::HeadBlob | Operation::FinishUpload))
        .entries
        .iter()
        .filter_map(|entry| {
            wanted
                .iter()
                .find(|blob| entry.path.ends_with(&blob.digest) || entry.query.contains(digits(&blob.digest)))
        })
        .map(|blob| blob.digest.clone())
        .collect();
    assert_eq!(asked.first(), Some(&wanted[0].digest), "{:#?}", there.log().lines());
}

#[tokio::test]
async fn an_upload_that_nobody_needs_is_given_up() {
    let profile = Profile { mounts: Mounts::Refuse, ..Profile::default() };
    let registry = spawn(Script::new().profile(profile));
    let image = seed(&registry, &two_platforms().platforms(&["linux/amd64"]).layers(1).layer_bytes(100_000));
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    let references = sources(&registry, &image);
    for expected in [0, 1] {
        let target = Run::new(&[&registry]).target(&from, &to, &[]);
        all(target.transfer.copy(&target.caller, &references, &to).await).unwrap();
        assert_eq!(
            registry.log().of(Operation::CancelUpload).len(),
            expected,
            "{:#?}",
            registry.log().lines()
        );
    }
}
