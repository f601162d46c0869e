//! What a publish asks of a registry: how many requests, which of them, in which order, and none that write when
//! everything is in place.

use bakery_fault_registry::{Auth, Operation, Profile, Script};
use bakery_tests::publish::{LOGIN, Scenario};

use crate::world::World;

/// Two platforms of ten layers and a configuration each.
fn large() -> Scenario {
    Scenario::new().layers(10)
}

fn guarded() -> Script {
    Script::new().auth(Auth::bearer(LOGIN.0, LOGIN.1))
}

#[test]
fn a_cold_publish_of_22_blobs_and_4_tags_takes_37_requests() {
    let world = World::new(large(), guarded());
    world.job.login(LOGIN.0, LOGIN.1);
    world.published();
    let log = world.registry.log();
    let count = |operation| log.of(operation).len();
    assert_eq!(count(Operation::Mount), 22, "{:#?}", log.lines());
    assert_eq!(count(Operation::Token), 1, "one token covers both repositories: {:#?}", log.lines());
    assert!(log.len() <= 37, "{} requests: {:#?}", log.len(), log.lines());
    assert_eq!(world.registry.counters().bytes_out, bytes_read(&world), "no layer is read");
}

/// Bytes of manifests and tokens alone.
fn bytes_read(world: &World) -> u64 {
    let log = world.registry.log();
    let small = log.only(|entry| !matches!(entry.operation, Operation::GetBlob | Operation::CdnBlob));
    small.counters().bytes_out
}

#[test]
fn a_registry_that_takes_all_tags_in_one_request_gets_one() {
    let world = World::new(large(), guarded().profile(Profile { multi_tag: true, ..Profile::default() }));
    world.job.login(LOGIN.0, LOGIN.1);
    world.published();
    let log = world.registry.log();
    assert!(log.len() <= 34, "{} requests: {:#?}", log.len(), log.lines());
}

#[test]
fn a_second_run_writes_nothing_and_says_that_nothing_changed() {
    let world = World::new(Scenario::new().versions(2).namespaces(&["images", "mirror"]), Script::new());
    world.published();
    let (mark, before) = (world.registry.log().mark(), world.registry.snapshot());
    let done = world.published();
    assert_eq!(world.writes_since(mark), [""; 0]);
    assert_eq!(world.registry.snapshot(), before);
    let result = world.job.result().unwrap();
    for target in result["targets"].as_array().unwrap() {
        assert_eq!(target["status"], "unchanged", "{}", done.stderr);
    }
}

#[test]
fn no_tag_moves_before_every_index_is_in_place_and_floating_tags_move_last() {
    let scenario = Scenario::new().versions(3).namespaces(&["images", "mirror"]).base_layers(1);
    let world = World::new(scenario, Script::new().latency_ms(3));
    let intended = world.intended();
    world.published();
    assert_eq!(world.violations(&intended), [""; 0]);
    let log = world.registry.log();
    let manifests = log.of(Operation::PutManifest);
    let by_digest = |path: &str| path.contains("/manifests/sha256:");
    let last_place =
        manifests.entries.iter().filter(|entry| by_digest(&entry.path)).map(|entry| entry.id).max();
    let first_tag =
        manifests.entries.iter().filter(|entry| !by_digest(&entry.path)).map(|entry| entry.id).min();
    assert!(last_place < first_tag, "{:#?}", manifests.lines());
    // Docker Hub and others list tags by the time of their push: older versions first.
    for repository in world.built.destinations() {
        let tags: Vec<String> = world
            .registry
            .history()
            .into_iter()
            .filter(|step| step.repository == repository && step.tag.starts_with("1."))
            .map(|step| step.tag[..5].to_owned())
            .collect();
        assert!(tags.is_sorted(), "{repository}: {tags:?}");
        assert_eq!(tags.len(), 6);
    }
}

#[test]
fn only_the_tag_that_is_wrong_is_written_again() {
    let world = World::new(Scenario::new(), Script::new());
    world.published();
    let other = world.built.targets[0].source("linux/amd64").to_owned();
    world.registry.move_tag("images/app", "latest", Some(&other));
    let mark = world.registry.log().mark();
    world.published();
    assert_eq!(world.writes_since(mark), ["PUT /v2/images/app/manifests/latest 201"]);
}

#[test]
fn base_layers_that_versions_share_are_brought_over_once() {
    let world = World::new(Scenario::new().versions(4).base_layers(5).one_tag(), Script::new());
    world.published();
    let log = world.registry.log();
    // 2 platforms × (5 shared layers once + 4 × (own layer + configuration)).
    let blobs = 2 * (5 + 4 * 2);
    assert_eq!(log.of(Operation::Mount).len(), blobs, "{:#?}", log.lines());
}

#[test]
fn a_registry_that_mounts_nothing_gets_the_bytes_once() {
    use bakery_fault_registry::script::Mounts;
    let profile = Profile { mounts: Mounts::Refuse, ..Profile::default() };
    let world = World::new(Scenario::new().layers(2), Script::new().profile(profile));
    world.published();
    let uploads = world.registry.log().of(Operation::FinishUpload).len();
    assert_eq!(uploads, 6, "{:#?}", world.registry.log().lines());
    let mark = world.registry.log().mark();
    world.published();
    assert_eq!(world.writes_since(mark), [""; 0]);
}
