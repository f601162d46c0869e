//! What the predecessor lost in silence, with exit code 0. Each is an error here that names the file and what to do, and
//! nothing is asked of a registry before.

use bakery_fault_registry::{Action, Operation, Script, When, script::Change};
use bakery_tests::{Finished, publish::Scenario};

use crate::world::World;

fn world() -> World {
    World::new(Scenario::new().versions(2), Script::new())
}

/// It failed, said every one of these words, and asked nothing of the registry.
fn refused(world: &World, done: &Finished, words: &[&str]) {
    assert_eq!(done.code, 1, "{}", done.stderr);
    for word in words {
        assert!(done.stderr.contains(word), "`{word}` is missing in: {}", done.stderr);
    }
    assert_eq!(world.registry.log().lines(), [""; 0], "{}", done.stderr);
    assert_eq!(done.stdout, "");
}

#[test]
fn a_platform_whose_file_is_missing_is_an_error() {
    let world = world();
    let files: Vec<_> = world.job.files().iter().skip(1).collect();
    let done = world.job.command_of(&files).run();
    refused(&world, &done, &[&world.built.targets[0].uid, "linux/amd64"]);
}

#[test]
fn a_record_without_a_platform_is_an_error_that_names_the_file() {
    let world = world();
    world.job.rewrite(1, |record| {
        record["containerimage.descriptor"].as_object_mut().unwrap().shift_remove("platform");
        record["buildx.build.provenance"]["invocation"].as_object_mut().unwrap().shift_remove("environment");
    });
    let done = world.publish();
    refused(&world, &done, &["app-1.0.0-arm64-metadata.json", "platform"]);
}

#[test]
fn a_record_without_a_digest_is_an_error_and_no_tag_is_taken_for_a_source() {
    let world = world();
    world.job.rewrite(0, |record| {
        let record = record.as_object_mut().unwrap();
        record.shift_remove("containerimage.digest");
        record["containerimage.descriptor"].as_object_mut().unwrap().shift_remove("digest");
    });
    let done = world.publish();
    refused(&world, &done, &["app-1.0.0-amd64-metadata.json", "digest"]);
}

#[test]
fn a_record_without_a_name_is_an_error() {
    let world = world();
    world.job.rewrite(0, |record| {
        record.as_object_mut().unwrap().shift_remove("image.name");
    });
    let done = world.publish();
    refused(&world, &done, &["app-1.0.0-amd64-metadata.json", "image.name"]);
}

#[test]
fn an_unknown_uid_is_an_error_that_says_what_there_is() {
    let world = world();
    world.job.rewrite_file(0, |whole| {
        let whole = whole.as_object_mut().unwrap();
        let record = whole.shift_remove("app-1-0-0-ubuntu-24-04").unwrap();
        whole.insert("app-1-0-1-ubuntu-24-04".to_owned(), record);
    });
    let done = world.publish();
    refused(
        &world,
        &done,
        &["app-1.0.0-amd64-metadata.json", "app-1-0-1-ubuntu-24-04", "app-1-0-0-ubuntu-24-04"],
    );
}

#[test]
fn a_pattern_that_matches_nothing_is_an_error() {
    let world = world();
    let done = world.job.command_of(&["no-such-*.json"]).run();
    refused(&world, &done, &["no-such-*.json"]);
}

#[test]
fn a_pattern_is_read_like_the_files_that_it_matches() {
    let world = world();
    let done = world.job.command_of(&["*-metadata.json"]).run();
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(world.state().problems(&world.built), [""; 0]);
}

#[test]
fn a_file_that_is_not_there_is_an_error() {
    let world = world();
    let done = world.job.command_of(&["absent-metadata.json"]).run();
    refused(&world, &done, &["absent-metadata.json"]);
}

#[test]
fn a_file_that_is_no_metadata_is_an_error() {
    for text in ["", "{", "[]", "3", r#"{"app-1-0-0-ubuntu-24-04": 3}"#] {
        let world = world();
        let file = world.job.write("broken-metadata.json", text);
        let files: Vec<_> = world.job.files().iter().chain([&file]).collect();
        let done = world.job.command_of(&files).run();
        refused(&world, &done, &["broken-metadata.json"]);
    }
}

#[test]
fn files_without_a_single_target_are_an_error() {
    let world = world();
    let file = world.job.write("empty-metadata.json", "{}");
    let done = world.job.command_of(&[file]).run();
    refused(&world, &done, &["empty-metadata.json"]);
}

#[test]
fn a_filter_that_leaves_nothing_is_an_error() {
    let world = world();
    let done = world.job.command().args(["--image-name", "^ap$"]).run();
    refused(&world, &done, &["--image-name", "app"]);
}

#[test]
fn two_files_that_disagree_about_one_build_are_an_error() {
    let world = world();
    // The same moment, the same platform, another digest: neither is the newer one.
    let other = world.built.targets[1].source("linux/amd64").to_owned();
    let text = std::fs::read_to_string(&world.job.files()[0]).unwrap();
    let text = text.replace(world.built.targets[0].source("linux/amd64"), &other);
    let file = world.job.write("twin-metadata.json", text);
    let files: Vec<_> = world.job.files().iter().chain([&file]).collect();
    let done = world.job.command_of(&files).run();
    refused(&world, &done, &["twin-metadata.json", "app-1.0.0-amd64-metadata.json"]);
}

#[test]
fn a_tag_that_no_registry_takes_is_an_error() {
    let world = world();
    world.job.reconfigure(
        "    versions:",
        &format!("    tagPatterns:\n      - patterns: [\"{}\"]\n    versions:", "x".repeat(129)),
    );
    let done = world.publish();
    refused(&world, &done, &["128"]);
}

#[test]
fn a_tag_that_another_one_moved_meanwhile_is_found_out() {
    // The predecessor asked whether the tag resolves; any old image did.
    let world = World::new(Scenario::new(), Script::new());
    let other = world.built.targets[0].source("linux/amd64").to_owned();
    for child in &world.built.targets[0].image.children {
        // The foreign image must be there to be pointed at.
        let mut image = world.built.targets[0].image.clone();
        image.repository = "images/app".to_owned();
        image.children = vec![child.clone()];
        world.registry.seed(&image).unwrap();
    }
    let change = Change::MoveTag {
        repository: "images/app".to_owned(),
        tag: "latest".to_owned(),
        digest: other.clone(),
    };
    // Whatever reads the tag back finds the foreign image.
    let rule = When::on(Operation::HeadManifest)
        .path("/v2/images/app/manifests/latest")
        .then(Action::Change(change));
    world.registry.add_rule(rule);
    let done = world.job.command().args(["--wait-timeout", "2s"]).run();
    assert_ne!(done.code, 0, "{}", done.stderr);
    let error = done.stderr.lines().find(|line| line.starts_with("error")).unwrap();
    assert!(
        error.contains("latest") && error.contains(&other),
        "wanted and found are named: {}",
        done.stderr
    );
}

#[test]
fn a_denial_is_shown_with_the_registry_s_words_and_not_tried_again() {
    let world = World::new(Scenario::new(), Script::new());
    let answer =
        bakery_fault_registry::Answer::code(403, "DENIED", "installation not allowed to write packages");
    world.registry.add_rule(When::on(Operation::PutManifest).then(Action::answer(answer)).named("denied"));
    let done = world.publish();
    assert_eq!(done.code, 1, "{}", done.stderr);
    let error = done.stderr.lines().find(|line| line.starts_with("error")).unwrap();
    assert!(error.contains("DENIED") && error.contains("installation not allowed"), "{}", done.stderr);
    assert!(
        world.registry.fired()["denied"] <= 2,
        "one for each platform: {:#?}",
        world.registry.log().lines()
    );
    assert!(world.state().tags.is_empty());
}
