//! A registry that shows late what was pushed: the publish waits as long as it takes and not longer, says for whom, and
//! what lags holds up nothing else.
#![expect(clippy::print_stderr, reason = "the figures are for whoever reads the output")]

use std::time::{Duration, Instant};

use bakery_fault_registry::{Lag, LagOf, Operation, Script, Until};
use bakery_tests::publish::{Built, Scenario};

use crate::world::World;

const SOON: Duration = Duration::from_secs(60);

fn lag_of(built: &Built, target: usize, platform: &str, until: Until) -> Lag {
    let digest = built.targets[target].source(platform);
    Lag::new(LagOf::Manifests, until).repository(&built.staging()).name(digest)
}

#[test]
fn a_digest_that_appears_late_is_waited_for_and_named() {
    let late = Duration::from_secs(3);
    let built = Scenario::new().build();
    let lag = lag_of(&built, 0, "linux/arm64", Until::Ms(3000));
    let world = World::of(&built, Script::new().lag(lag));
    let done = world.published();
    // The clock of the lag began when the image was put there, before the program was started.
    let ended = world.registry.now();
    let promised = late.mul_f64(1.1) + Duration::from_secs(1);
    eprintln!("readable after {late:?}: the run ended {:.3?} later, promised are {promised:?}", ended - late);
    assert!(ended < late + Duration::from_secs(10), "{ended:?}");
    let digest = built.targets[0].source("linux/arm64");
    let waits = done.stderr.lines().filter(|line| line.contains("waiting for")).collect::<Vec<_>>();
    assert!(
        waits.iter().any(|line| line.contains(digest) && line.contains(&built.targets[0].uid)),
        "{}",
        done.stderr
    );
    assert!(!waits.iter().any(|line| line.contains(built.targets[0].source("linux/amd64"))), "{waits:?}");
    let result = world.job.result().unwrap();
    let wait = &result["targets"][0]["waits"][0];
    assert!(wait["subject"].as_str().unwrap().contains(digest), "{result:#}");
    assert_eq!(wait["arrived"], true);
}

#[test]
fn a_target_that_lags_does_not_hold_up_the_content_of_another_one() {
    let built = Scenario::new().versions(2).build();
    let lag = lag_of(&built, 0, "linux/amd64", Until::Revealed);
    let world = World::of(&built, Script::new().lag(lag));
    let running = world.job.command().args(["--jobs", "1"]).start();
    let begun = Instant::now();
    let wanted = built.targets[1].source("linux/arm64");
    // The other target's images and its index are in place while the first one still waits.
    while world.registry.manifest("images/app", wanted).is_none() || indexes(&world) < 1 {
        assert!(begun.elapsed() < SOON, "{}{:#?}", running.stderr(), world.registry.log().lines());
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(world.registry.tags("images/app").is_empty(), "no tag moves before all is in place");
    world.registry.reveal();
    let done = running.finish();
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(world.state().problems(&built), [""; 0]);
}

/// Indexes that the destination holds, by digest.
fn indexes(world: &World) -> usize {
    let snapshot = world.registry.snapshot();
    let held = snapshot.repositories.get("images/app");
    let manifests = held.into_iter().flat_map(|held| &held.manifests);
    let is_index = |digest: &&String| {
        let found = world.registry.manifest("images/app", digest);
        found.is_some_and(|found| found.media_type.contains("index"))
    };
    manifests.filter(is_index).count()
}

#[test]
fn four_laggards_starve_nobody_with_four_jobs() {
    let built = Scenario::new().versions(5).one_tag().build();
    let mut script = Script::new();
    for target in 0..4 {
        script = script.lag(lag_of(&built, target, "linux/amd64", Until::Revealed));
    }
    let world = World::of(&built, script);
    let running = world.job.command().args(["--jobs", "4"]).start();
    let begun = Instant::now();
    while indexes(&world) < 1 {
        assert!(begun.elapsed() < SOON, "{}", running.stderr());
        std::thread::sleep(Duration::from_millis(10));
    }
    world.registry.reveal();
    let done = running.finish();
    assert_eq!(done.code, 0, "{}", done.stderr);
}

#[test]
fn what_never_comes_fails_its_target_alone_and_is_named() {
    let built = Scenario::new().versions(2).build();
    let lag = lag_of(&built, 0, "linux/arm64", Until::Revealed);
    let world = World::of(&built, Script::new().lag(lag));
    let done = world.job.command().args(["--wait-timeout", "2s"]).run();
    assert_ne!(done.code, 0, "{}", done.stderr);
    assert_eq!(world.each_failure_is_told_once(&done), 1);
    let error = done.stderr.lines().find(|line| line.starts_with("error")).unwrap();
    assert!(error.contains(built.targets[0].source("linux/arm64")), "{}", done.stderr);
    let tags = world.registry.tags("images/app");
    assert_eq!(tags.keys().collect::<Vec<_>>(), ["1.1.0", "1.1.0-ubuntu-24.04", "latest", "ubuntu-24.04"]);
    // And the same command completes when it has come.
    world.registry.reveal();
    world.published();
}

#[test]
fn tags_that_read_back_late_are_waited_for() {
    let world = World::new(
        Scenario::new(),
        Script::new().lag(Lag::new(LagOf::Tags, Until::Ms(1500)).repository("images/*")),
    );
    let done = world.published();
    assert!(world.registry.log().of(Operation::HeadManifest).len() > 4, "{}", done.stderr);
}

#[test]
fn a_stale_replica_changes_nothing_in_the_end() {
    let world = World::new(Scenario::new().versions(2), Script::new().replicas_ms(&[0, 800]));
    world.published();
}
