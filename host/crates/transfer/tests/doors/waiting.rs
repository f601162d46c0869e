//! What lags is waited for, by digest and by tag, and what does not come is named.

use std::time::{Duration, Instant};

use bakery_core::{
    model::Reference,
    port::{Event, FailureKind},
};
use bakery_fault_registry::{Action, Lag, LagOf, Operation, Script, Until, When};

use crate::{
    house::{
        Run, Target, caller, digest_of, repository, seed, sources, spawn, tag_of, tagged, two_platforms,
    },
    publish::{all, publish},
};

fn waits(target: &Target) -> (usize, usize) {
    let events = target.events.all();
    let waiting = events.iter().filter(|event| matches!(event, Event::Waiting { .. })).count();
    let arrived = events.iter().filter(|event| matches!(event, Event::Arrived { .. })).count();
    (waiting, arrived)
}

#[tokio::test]
async fn sources_that_lag_are_waited_for_all_at_the_same_time_and_without_spending_attempts() {
    // More looks than attempts are allowed.
    let registry =
        spawn(Script::new().lag(Lag::new(LagOf::Manifests, Until::Reads(9)).repository("team/tmp")));
    let image = seed(&registry, &two_platforms().layers(1));
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    let target = Run::new(&[&registry]).target(&from, &to, &[]);
    let read = target.transfer.await_readable(&target.caller, &sources(&registry, &image)).await;
    assert_eq!(all(read).unwrap().len(), 2);
    assert_eq!(registry.log().of(Operation::GetManifest).len(), 2 * 10);
    assert_eq!(waits(&target), (2 * 9, 2));
}

#[tokio::test]
async fn the_laggard_that_never_comes_is_named_with_how_long_it_was_waited_for() {
    let registry = spawn(Script::new());
    let image = seed(&registry, &two_platforms().layers(1));
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    let mut target = Run::new(&[&registry]).target(&from, &to, &[]);
    target.caller.window = Duration::from_millis(200);
    let mut references = sources(&registry, &image);
    registry.evict("team/tmp", references[1].digest().unwrap().as_str());
    references.rotate_left(1);
    let read = target.transfer.await_readable(&target.caller, &references).await;
    assert!(read[1].is_ok(), "the other one is not held up");
    let failure = read[0].clone().unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
    assert!(failure.message.contains(&references[0].to_string()), "{failure}");
    assert!(failure.message.starts_with("waited 0.2"), "{failure}");
    assert!(failure.message.contains("404 MANIFEST_UNKNOWN"), "{failure}");
}

#[tokio::test]
async fn what_no_waiting_changes_is_not_waited_for() {
    let denied = When::on(Operation::GetManifest).then(Action::status(403));
    let registry = spawn(Script::new().rule(denied));
    let image = seed(&registry, &two_platforms().layers(1));
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    let target = Run::new(&[&registry]).target(&from, &to, &[]);
    let read = target.transfer.await_readable(&target.caller, &sources(&registry, &image)).await;
    assert!(read.iter().all(|answer| answer.as_ref().unwrap_err().kind == FailureKind::Denied), "{read:?}");
    assert_eq!(registry.counters().requests, 2);
}

#[tokio::test]
async fn the_callers_deadline_is_sooner_than_its_window() {
    let registry = spawn(Script::new());
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    let run = Run::new(&[&registry]);
    let mut target = run.target(&from, &to, &["1"]);
    target.caller.window = Duration::from_secs(600);
    let began = Instant::now();
    target.caller.deadline = Some((began + Duration::from_millis(150)).into());
    let digest = digest_of(&format!("sha256:{}", "0".repeat(64)));
    let absent = [Reference::by_digest(from.clone(), digest.clone())];
    let pointer = [tagged(&to, "1")];
    let (read, shown) = tokio::join!(
        target.transfer.await_readable(&target.caller, &absent),
        target.transfer.await_digest(&target.caller, &pointer, &digest)
    );
    assert!(read[0].is_err() && shown[0].is_err());
    assert!(began.elapsed() < Duration::from_secs(5));
    tokio::time::sleep_until(target.caller.deadline.unwrap()).await;
    let late = target.transfer.resolve(&target.caller, &absent).await.remove(0).unwrap_err();
    assert_eq!(late.kind, FailureKind::TimedOut);
    assert!(late.message.contains("the time of `step-test` was over"), "{late}");
}

#[tokio::test]
async fn a_tag_that_shows_what_was_there_before_is_waited_for() {
    let registry = spawn(Script::new());
    let old = seed(&registry, &two_platforms().layers(1).seed(1));
    let new = seed(&registry, &two_platforms().layers(1).seed(2));
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    let run = Run::new(&[&registry]);
    let target = run.target(&from, &to, &["1.0", "latest"]);
    publish(&target, &sources(&registry, &old), &to, &["latest"]).await.unwrap();
    registry.set_lag(vec![Lag::new(LagOf::Tags, Until::Reads(6)).repository("team/app")]);
    let target = run.target(&from, &to, &["1.0", "latest"]);
    publish(&target, &sources(&registry, &new), &to, &["1.0", "latest"]).await.unwrap();
    assert_eq!(waits(&target), (2 * 6, 2), "{:#?}", target.events.all());
    assert_eq!(registry.audit(), []);
}

#[tokio::test]
async fn stale_replicas_do_not_hide_what_one_of_them_shows() {
    let registry = spawn(Script::new().replicas_ms(&[0, 150, 400]));
    let image = seed(&registry, &two_platforms().layers(2));
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    let target = Run::new(&[&registry]).target(&from, &to, &["1.0", "latest"]);
    publish(&target, &sources(&registry, &image), &to, &["1.0", "latest"]).await.unwrap();
    assert_eq!(registry.audit(), []);
}

#[tokio::test]
async fn a_tag_that_somebody_else_moves_is_a_conflict_that_says_wanted_and_got() {
    let registry = spawn(Script::new());
    let image = seed(&registry, &two_platforms().layers(1));
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    let mut target = Run::new(&[&registry]).target(&from, &to, &["1.0"]);
    let outcome = publish(&target, &sources(&registry, &image), &to, &["1.0"]).await.unwrap();
    assert_eq!(outcome.written, [tag_of("1.0")]);
    target.caller.window = Duration::from_millis(100);
    let other = image.children[0].manifest.digest.clone();
    registry.move_tag("team/app", "1.0", Some(&other));
    let shown = target.transfer.await_digest(&target.caller, &[tagged(&to, "1.0")], &outcome.index).await;
    let failure = shown[0].clone().unwrap_err();
    assert_eq!(failure.kind, FailureKind::Conflict);
    for part in [other.as_str(), outcome.index.as_str(), "team/app:1.0"] {
        assert!(failure.message.contains(part), "{failure}");
    }
    registry.move_tag("team/app", "1.0", None);
    let shown = target.transfer.await_digest(&target.caller, &[tagged(&to, "1.0")], &outcome.index).await;
    let failure = shown[0].clone().unwrap_err();
    assert_eq!(failure.kind, FailureKind::Conflict);
    assert!(failure.message.contains("404") && failure.message.contains(outcome.index.as_str()), "{failure}");
}

#[tokio::test]
async fn a_cancelled_run_stops_waiting_at_once() {
    let registry = spawn(Script::new());
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    let run = Run::new(&[&registry]);
    let mut target = run.target(&from, &to, &["1"]);
    target.caller.window = Duration::from_secs(600);
    let digest = digest_of(&format!("sha256:{}", "0".repeat(64)));
    let absent = [Reference::by_digest(from, digest.clone())];
    let pointer = [tagged(&to, "1")];
    let began = Instant::now();
    let ((), read, shown) = tokio::join!(
        async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            run.cancel.cancel();
        },
        target.transfer.await_readable(&target.caller, &absent),
        target.transfer.await_digest(&target.caller, &pointer, &digest)
    );
    assert_eq!(read[0].clone().unwrap_err().kind, FailureKind::Cancelled);
    assert_eq!(shown[0].clone().unwrap_err().kind, FailureKind::Cancelled);
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn what_a_step_holds_is_not_taken_for_what_a_registry_shows() {
    let registry = spawn(Script::new());
    let image = seed(&registry, &two_platforms().layers(1));
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    let mut target = Run::new(&[&registry]).target(&from, &to, &[]);
    target.caller = caller(target.caller.grants.clone());
    target.caller.window = Duration::ZERO;
    let child = &image.children[0].manifest;
    let held = target.transfer.hold(&child.media_type, child.bytes.to_vec()).unwrap();
    assert_eq!(held.digest.as_str(), child.digest);
    let elsewhere = [Reference::by_digest(to.clone(), held.digest.clone())];
    let by_digest = target.transfer.manifests(&target.caller, &elsewhere).await;
    assert_eq!(all(by_digest).unwrap()[0].bytes()[..], child.bytes[..]);
    assert_eq!(registry.counters().requests, 0, "what is held costs no request");
    let waited = target.transfer.await_readable(&target.caller, &elsewhere).await;
    assert_eq!(waited[0].clone().unwrap_err().kind, FailureKind::NotFound);
}
