//! What is wrong before anything is built is told before anything is built.

use crate::world::World;

#[test]
fn every_containerfile_that_is_missing_is_named_before_anything_starts() {
    let world = World::new(3, "");
    for number in [0, 2] {
        std::fs::remove_file(world.project.path().join(format!("app/{number}/Containerfile"))).unwrap();
    }
    let done = world.run(&[]);
    assert_eq!(done.code, 1);
    for number in [0, 2] {
        assert!(done.stderr.contains(&format!("`app/{number}/Containerfile`")), "{}", done.stderr);
    }
    assert!(!done.stderr.contains("app/1/"), "{}", done.stderr);
    assert_eq!(world.calls(), Vec::<Vec<String>>::new());
    assert_eq!(world.run(&["--plan"]).code, 0, "a plan needs no files");
}

#[test]
fn flags_that_make_no_sense_together_are_told_before_a_file_is_read() {
    let world = World::new(1, "");
    for (arguments, word) in [
        (&["--plan", "--strategy", "build"][..], "--strategy build"),
        (&["--plan", "--summary", "--summary-format", "json"], "not supported with --plan"),
        (&["--metadata-file", "nowhere/m.json"], "nowhere"),
        (&["--retry", "often"], "--retry"),
        (&["--builder", "podman"], "podman"),
        (&["--insecure-registry", "a.example", "--secure-registry", "a.example"], "a.example"),
    ] {
        let done = world.run(arguments);
        assert_eq!((done.code, done.stdout.as_str()), (2, ""), "{arguments:?}: {}", done.stderr);
        assert!(done.stderr.contains(word), "{arguments:?}: {}", done.stderr);
    }
    assert_eq!(world.calls(), Vec::<Vec<String>>::new());
}

#[test]
fn a_project_cannot_bring_plugins_or_change_what_programs_load() {
    let world = World::new(1, "");
    world.project.write("docker/cli-plugins/docker-buildx", "#!/bin/sh\n");
    let done = world.build(&[]).env("DOCKER_CONFIG", world.project.path().join("docker")).run();
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("DOCKER_CONFIG"), "{}", done.stderr);
    let outside = tempfile::tempdir().unwrap();
    let done = world.build(&[]).env("DOCKER_CONFIG", outside.path()).run();
    assert_eq!(done.code, 0, "{}", done.stderr);
    let hostile = World::of(
        "  - {name: app, buildSecrets: [{id: x, envVar: BASH_ENV}], versions: [{name: 1.0.0, subpath: v}]}\n",
        "",
    );
    hostile.project.write("app/v/Containerfile", "FROM scratch\n");
    let done = hostile.build(&[]).env("BASH_ENV", "/dev/null").run();
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("`BASH_ENV` cannot hold a build secret"), "{}", done.stderr);
    assert_eq!(hostile.calls(), Vec::<Vec<String>>::new());
}
