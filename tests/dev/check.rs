//! `bakery dev check`: what does not agree, and the line that mends it.

use std::fs;

use serde_json::Value;

use crate::world::{World, bakery};

/// The codes and the mending lines of the findings.
#[track_caller]
fn findings(world: &World, arguments: &[&str]) -> Vec<(String, String)> {
    let done = world.bakery(&[&["dev", "check", "--json"], arguments].concat());
    let answer: Value = serde_json::from_str(&done.stdout).unwrap_or_else(|_| panic!("{}", done.stderr));
    let findings: Vec<(String, String)> = answer["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["code"].as_str().unwrap().to_owned(), f["mend"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(done.code, if findings.is_empty() { 0 } else { 15 });
    assert_eq!(answer["agree"], findings.is_empty());
    findings
}

fn one(code: &str, mend: &str) -> Vec<(String, String)> {
    vec![(code.to_owned(), mend.to_owned())]
}

const LOCK: &str = "bakery dev tag --lock";

#[test]
fn what_was_locked_and_rewritten_agrees_until_something_changes() {
    let world = World::new();
    assert_eq!(findings(&world, &[]), one("no-lock", LOCK));
    world.ok(&["dev", "tag", "--lock"]);
    assert_eq!(findings(&world, &[]), []);
    let codes: Vec<String> = findings(&world, &["k8s"]).into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["other-tag", "other-tag"]);
    world.ok(&["dev", "rewrite", "k8s"]);
    assert_eq!(findings(&world, &[]), []);
    world.write(
        "k8s/app.yaml",
        world.read("k8s/app.yaml").replace(&format!("connect:{}", world.clean()), "connect:latest"),
    );
    assert_eq!(findings(&world, &[]), one("latest", "bakery dev rewrite k8s/app.yaml"));
    // The line does what it says.
    world.ok(&["dev", "rewrite", "k8s/app.yaml"]);
    assert_eq!(findings(&world, &[]), []);
    world.write("app/data", "2");
    let done = world.bakery(&["dev", "check"]);
    assert_eq!(done.code, 15);
    assert!(done.stderr.contains("the build context changed since"), "{}", done.stderr);
    assert!(done.stderr.contains(LOCK), "{}", done.stderr);
}

#[test]
fn a_lock_of_another_worktree_and_a_damaged_one_are_refused() {
    let world = World::new();
    world.ok(&["dev", "tag", "--lock"]);
    let second = world.second();
    let done = bakery(&second, &["dev", "check"]);
    assert!(done.stderr.contains("has no lock"), "each worktree has its own: {}", done.stderr);
    let private = world.path(".git/worktrees/second/bakery");
    fs::create_dir_all(&private).unwrap();
    let lock = world.path(".git/bakery/dev-lock.json");
    fs::copy(&lock, private.join("dev-lock.json")).unwrap();
    let done = bakery(&second, &["dev", "check"]);
    assert_eq!(done.code, 15);
    assert!(done.stderr.contains("the lock was written for"), "{}", done.stderr);
    let done = bakery(&second, &["dev", "rewrite", "k8s"]);
    assert_eq!(done.code, 1);
    let bytes = fs::read(&lock).unwrap();
    for cut in [0, 1, bytes.len() / 2, bytes.len() - 3] {
        fs::write(&lock, &bytes[..cut]).unwrap();
        assert_eq!(findings(&world, &[]), one("damaged-lock", LOCK));
    }
    world.ok(&["dev", "tag", "--lock"]);
    assert_eq!(findings(&world, &[]), []);
}

/// A rewrite that was killed between any two of its writes leaves the intent behind, and the same command finishes it.
#[test]
fn a_rewrite_that_was_killed_is_recognised_and_finished() {
    let world = World::new();
    world.write("k8s/b.yaml", "image: ghcr.io/posit-dev/workbench:1\n");
    let before = (world.read("k8s/app.yaml"), world.read("k8s/b.yaml"));
    world.ok(&["dev", "tag", "--lock"]);
    let planned = fs::read(world.path(".git/bakery/dev-lock.json")).unwrap();
    world.ok(&["dev", "rewrite", "k8s"]);
    let after = (world.read("k8s/app.yaml"), world.read("k8s/b.yaml"));
    let lock = world.path(".git/bakery/dev-lock.json");
    let finished = fs::read(&lock).unwrap();
    // Killed before the lock, after the intent, after the first file, after the second, after the end.
    for (app, b) in [(&before.0, &before.1), (&after.0, &before.1), (&after.0, &after.1)] {
        world.write("k8s/app.yaml", app);
        world.write("k8s/b.yaml", b);
        fs::write(&lock, intent(&planned)).unwrap();
        let findings = findings(&world, &[]);
        assert_eq!(
            findings[0],
            ("interrupted".to_owned(), "bakery dev rewrite k8s/app.yaml k8s/b.yaml".to_owned())
        );
        world.ok(&["dev", "rewrite", "k8s/app.yaml", "k8s/b.yaml"]);
        assert_eq!(findings_of_none(&world), []);
        assert_eq!((world.read("k8s/app.yaml"), world.read("k8s/b.yaml")), after);
    }
    fs::write(&lock, finished).unwrap();
    assert_eq!(findings_of_none(&world), []);
}

fn findings_of_none(world: &World) -> Vec<(String, String)> {
    findings(world, &[])
}

/// The lock as it is between intent and effect.
fn intent(planned: &[u8]) -> Vec<u8> {
    let lock = bakery_dev::lock::Lock::from_bytes(planned).unwrap();
    lock.intend(&["k8s/app.yaml".to_owned(), "k8s/b.yaml".to_owned()]).to_bytes()
}
