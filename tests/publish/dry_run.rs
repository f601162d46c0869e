//! `--dry-run` reads what it must, writes nothing, and says with the real digests what would be written. And the digest
//! of an index depends on what was built, never on when or in which order it was told.

use bakery_fault_registry::{Lag, LagOf, Script, Until};
use bakery_tests::publish::Scenario;

use crate::world::World;

#[test]
fn a_dry_run_prints_the_digest_that_the_real_run_publishes_and_asks_for_no_change() {
    let world = World::new(Scenario::new().versions(2), Script::new());
    let before = world.registry.snapshot();
    let done = world.job.command().args(["--dry-run"]).run();
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(!world.registry.log().is_empty());
    for entry in world.registry.log().entries {
        assert!(matches!(entry.method.as_str(), "GET" | "HEAD"), "{} {}", entry.method, entry.path);
    }
    assert_eq!(world.registry.snapshot(), before);
    let promised = world.job.result().unwrap();

    world.published();
    let state = world.state();
    for (target, promise) in world.built.targets.iter().zip(promised["targets"].as_array().unwrap()) {
        assert_eq!(promise["uid"], target.uid.as_str());
        let digest = state.index("images/app", &target.version).unwrap();
        assert_eq!(promise["index"], digest);
        assert!(done.stderr.contains(digest), "{}", done.stderr);
    }
    let done = world.job.command().args(["--dry-run"]).run();
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(!done.stderr.contains("would tag"), "all is in place: {}", done.stderr);
}

#[test]
fn every_effect_of_a_dry_run_is_one_of_the_real_run() {
    let world = World::new(Scenario::new().versions(2).namespaces(&["images", "mirror"]), Script::new());
    let effects = |dry: &[&str]| {
        let done = world.job.command().args(dry).run();
        assert_eq!(done.code, 0, "{}", done.stderr);
        let result = world.job.result().unwrap();
        let targets = result["targets"].as_array().unwrap().iter();
        let mut all: Vec<String> = targets
            .flat_map(|target| target["effects"].as_array().unwrap())
            .map(|effect| format!("{} {}", effect["verb"], effect["subject"]))
            .collect();
        all.sort();
        all
    };
    let promised = effects(&["--dry-run"]);
    assert!(promised.iter().any(|line| line.contains("mount")), "{promised:#?}");
    assert_eq!(promised, effects(&[]));
}

#[test]
fn the_order_of_files_and_the_order_of_arrival_change_no_digest() {
    let built = Scenario::new().versions(2).build();
    let first = World::of(&built, Script::new());
    first.published();
    let wanted = first.state();

    let second = World::of(&built, Script::new().latency_ms(7));
    let files: Vec<_> = second.job.files().iter().rev().collect();
    let done = second.job.command_of(&files).run();
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(second.state(), wanted);

    // The first platform comes last.
    let lagging = built.targets[0].source("linux/amd64");
    let lag = Lag::new(LagOf::Manifests, Until::Ms(900)).repository(&built.staging()).name(lagging);
    let third = World::of(&built, Script::new().lag(lag));
    third.published();
    assert_eq!(third.state(), wanted);
}

#[test]
fn all_platforms_in_one_file_are_the_same_as_one_file_each() {
    let built = Scenario::new().build();
    let split = World::of(&built, Script::new());
    split.published();
    let joined = World::of(&built, Script::new());
    let again = joined.job.files()[0].clone();
    // The same file twice, by two names of it, is no second source.
    let files = [joined.job.files()[0].clone(), joined.job.files()[1].clone(), again];
    let done = joined.job.command_of(&files).run();
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(joined.state(), split.state());
}
