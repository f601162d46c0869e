//! `bakery dev rewrite`: all manifests or none, with the tags of the lock.

use std::{fs, os::unix::fs::PermissionsExt as _};

use crate::world::World;

#[test]
fn manifests_get_the_locked_tags_even_when_the_tree_moved_on() {
    let world = World::new();
    let tag = world.clean();
    world.ok(&["dev", "tag", "--lock"]);
    world.write("app/data", "2");
    world.commit("two");
    world.mode("k8s/app.yaml", 0o600);
    let told = world.ok(&["dev", "rewrite", "k8s"]);
    assert_eq!(
        told,
        format!(
            "k8s/app.yaml:1: ghcr.io/posit-dev/connect:1.0 -> ghcr.io/posit-dev/connect:{tag}\n\
             k8s/app.yaml:3: ghcr.io/posit-dev/workbench:2.0 -> ghcr.io/posit-dev/workbench:{tag}\n"
        )
    );
    let want =
        format!("image: ghcr.io/posit-dev/connect:{tag}\n---\nimage: ghcr.io/posit-dev/workbench:{tag}\n");
    assert_eq!(world.read("k8s/app.yaml"), want);
    let mode = fs::metadata(world.path("k8s/app.yaml")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "permissions stay");
    assert_eq!(world.ok(&["dev", "rewrite", "k8s"]), "");
    // Another tag takes the first one's place.
    world.ok(&["dev", "tag", "--lock"]);
    world.ok(&["dev", "rewrite", "k8s"]);
    assert_eq!(world.read("k8s/app.yaml"), want.replace(&tag, &world.clean()));
}

#[test]
fn check_and_diff_write_nothing() {
    let world = World::new();
    let before = world.read("k8s/app.yaml");
    let done = world.bakery(&["dev", "rewrite", "--check", "k8s"]);
    assert_eq!(done.code, 15, "{}", done.stderr);
    let diff = world.ok(&["dev", "rewrite", "--diff", "k8s"]);
    assert!(
        diff.starts_with(
            "--- k8s/app.yaml\n+++ k8s/app.yaml\n@@ -1,3 +1,3 @@\n-image: ghcr.io/posit-dev/connect:1.0\n"
        ),
        "{diff}"
    );
    assert_eq!(world.read("k8s/app.yaml"), before);
    assert!(!world.path(".git/bakery/dev-lock.json").exists());
    world.ok(&["dev", "rewrite", "k8s"]);
    assert_eq!(world.ok(&["dev", "rewrite", "--check", "k8s"]), "");
}

#[test]
fn what_does_not_fit_together_is_named_and_nothing_is_written() {
    let world = World::new();
    let before = world.read("k8s/app.yaml");
    let refuse = |world: &World, paths: &[&str], words: &str| {
        let done = world.bakery(&[&["dev", "rewrite"], paths].concat());
        assert_eq!((done.code, done.stdout.as_str()), (1, ""), "{}", done.stderr);
        assert!(done.stderr.contains(words), "{words}: {}", done.stderr);
        assert_eq!(world.read("k8s/app.yaml"), before);
    };
    world.write("k8s/one.yaml", "image: ghcr.io/posit-dev/connect:1\n");
    refuse(&world, &["k8s/one.yaml"], "no manifest names the image `workbench`");
    world.ok(&["dev", "rewrite", "k8s/one.yaml", "--image-name", "connect"]);
    fs::remove_file(world.path("k8s/one.yaml")).unwrap();
    // The lock has `connect` alone now.
    refuse(&world, &["k8s"], "`workbench`, which nothing builds");
    world.ok(&["dev", "tag", "--lock"]);
    world.write("in-context.yaml", "image: ghcr.io/posit-dev/connect:1\n");
    refuse(&world, &["k8s", "in-context.yaml"], "add the line `in-context.yaml`");
    world.write("k8s/variable.yaml", "image: ghcr.io/posit-dev/connect:${TAG}\n");
    refuse(&world, &["k8s"], "a tag that a variable makes");
    world.write("k8s/variable.yaml", "{{ if x }}\nimage: ghcr.io/posit-dev/connect:1\n{{ end }}\n");
    refuse(&world, &["k8s"], "templates are not rewritten");
    world.write("k8s/variable.yaml", "{{ if x }}\nimage: other\n{{ end }}\n");
    world.ok(&["dev", "rewrite", "k8s"]);
    world.write("k8s/variable.yaml", "a: [\n");
    assert_eq!(world.bakery(&["dev", "rewrite", "k8s"]).code, 1);
}

#[test]
fn a_link_stays_a_link_and_links_in_folders_are_not_followed() {
    let world = World::new();
    let outside = world.root.with_file_name("outside.yaml");
    fs::write(&outside, "image: ghcr.io/posit-dev/connect:1\n").unwrap();
    std::os::unix::fs::symlink(&outside, world.path("k8s/link.yaml")).unwrap();
    world.ok(&["dev", "rewrite", "k8s"]);
    assert_eq!(fs::read_to_string(&outside).unwrap(), "image: ghcr.io/posit-dev/connect:1\n");
    world.ok(&["dev", "rewrite", "k8s/link.yaml", "--image-name", "connect"]);
    assert!(fs::read_to_string(&outside).unwrap().contains(&world.clean()));
    assert!(fs::symlink_metadata(world.path("k8s/link.yaml")).unwrap().is_symlink());
}
