//! What ended the predecessor with a traceback, or a run for no reason at all, works here or is a plain error.

use bakery_fault_registry::{Action, Answer, FaultRegistry, Operation, Script, When, script::AnswerBody};
use bakery_tests::publish::Scenario;

use crate::world::World;

#[test]
fn times_with_and_without_a_zone_are_compared() {
    let world = World::new(Scenario::new(), Script::new());
    world.job.rewrite(0, |record| {
        record["containerimage.descriptor"]["annotations"]["org.opencontainers.image.created"] =
            "2026-01-02T03:04:05.123456".into();
    });
    world.published();
}

#[test]
fn temporary_names_with_and_without_a_tag_are_one_repository() {
    let world = World::new(Scenario::new(), Script::new());
    world.job.rewrite(0, |record| {
        let name = record["image.name"].as_str().unwrap().replace(":latest", "");
        record["image.name"] = name.into();
    });
    world.published();
}

#[test]
fn sources_of_another_registry_are_brought_over() {
    let built = Scenario::new().layers(2).build();
    let world = World::of(&built, Script::new());
    let elsewhere = FaultRegistry::spawn(Script::new()).unwrap();
    built.seed(&elsewhere);
    for file in 0..2 {
        world.job.rewrite(file, |record| {
            record["image.name"] = format!("{}/{}", elsewhere.host(), built.staging()).into();
        });
    }
    for target in &built.targets {
        for child in &target.image.children {
            assert!(world.registry.evict(&built.staging(), &child.manifest.digest));
        }
    }
    let done = world.publish();
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(world.state().problems(&built), [""; 0]);
    assert!(elsewhere.log().of(Operation::GetBlob).len() >= 6, "{:#?}", elsewhere.log().lines());
}

#[test]
fn an_error_that_is_no_text_is_a_plain_failure() {
    for body in [
        AnswerBody::Html,
        AnswerBody::Empty,
        AnswerBody::Json(serde_json::json!([[1]])),
        AnswerBody::Text("\u{0}\u{fffd}".repeat(4000)),
    ] {
        let world = World::new(Scenario::new(), Script::new());
        world
            .registry
            .add_rule(When::on(Operation::PutManifest).then(Action::answer(Answer::status(400).body(body))));
        world.registry.add_rule(When::on(Operation::PutManifest).then(Action::CorruptBody));
        let done = world.publish();
        assert_eq!(done.code, 1, "{}", done.stderr);
        assert_eq!(world.each_failure_is_told_once(&done), 1);
        assert!(!done.stderr.contains("panicked"), "{}", done.stderr);
        assert!(done.stderr.len() < 20_000, "a long body is cut: {} bytes", done.stderr.len());
    }
}

#[test]
fn a_login_page_with_status_200_is_no_manifest() {
    let world = World::new(Scenario::new(), Script::new());
    world.registry.add_rule(When::on(Operation::GetManifest).then(Action::answer(Answer::login_page())));
    let done = world.job.command().args(["--wait-timeout", "2s", "--retry-attempts", "2"]).run();
    assert_ne!(done.code, 0, "{}", done.stderr);
    assert_eq!(world.each_failure_is_told_once(&done), 1);
    assert!(world.state().tags.is_empty());
}

#[test]
fn a_manifest_with_other_bytes_than_its_digest_is_never_published() {
    let world = World::new(Scenario::new(), Script::new());
    world.registry.add_rule(When::on(Operation::GetManifest).then(Action::CorruptBody));
    let done = world.job.command().args(["--wait-timeout", "2s", "--retry-attempts", "2"]).run();
    assert_ne!(done.code, 0, "{}", done.stderr);
    assert!(world.state().tags.is_empty());
    world.registry.clear_rules();
    world.published();
}

#[test]
fn a_registry_that_is_not_there_is_named() {
    let world = World::new(Scenario::new(), Script::new());
    let host = world.registry.host().to_owned();
    let World { registry, job, .. } = world;
    drop(registry);
    let done = job.command().args(["--wait-timeout", "1s", "--retry-attempts", "2"]).run();
    assert_eq!(done.code, 11, "{}", done.stderr);
    assert!(done.stderr.contains(&host), "{}", done.stderr);
}

#[test]
fn an_index_that_misses_children_at_the_registry_s_is_healed() {
    let built = Scenario::new().build();
    let world = World::of(&built, Script::new());
    let intended = world.intended();
    // Somebody's interrupted copy left one platform's manifest, and a collector took its blobs.
    let child = &built.targets[0].image.children[0];
    world.published();
    for blob in &child.blobs {
        world.registry.evict("images/app", &blob.digest);
    }
    assert_ne!(world.registry.audit(), []);
    for tag in ["1.0.0", "1.0.0-ubuntu-24.04", "latest", "ubuntu-24.04"] {
        world.registry.move_tag("images/app", tag, None);
    }
    let index = intended.values().next().unwrap();
    world.registry.evict("images/app", index);
    world.registry.evict("images/app", &child.manifest.digest);
    world.published();
}

#[test]
fn what_is_published_asks_no_upstream() {
    let world = World::new(Scenario::new(), Script::new());
    // A development version whose upstream cannot be reached: the predecessor asked for it before it published.
    let unreachable = "sources:\n  - product: nowhere\n    channel: daily\n    component: source-manifest\n    allow: [\"https://upstream.invalid/\"]\n    config: {manifest: \"https://upstream.invalid/x.json\", entry: [\"{name}\"], names: {\"ubuntu 24.04\": u}, architectures: {debian: {amd64: amd64}}, fields: {version: version, url: url}}\nimages:\n";
    world.job.reconfigure("images:\n  - name", &format!("{unreachable}  - name"));
    world.job.reconfigure(
        "    versions:",
        "    devVersions:\n      - {sourceType: channel, product: nowhere, channel: daily, os: [{name: Ubuntu 24.04}]}\n    versions:",
    );
    world.published();
}
