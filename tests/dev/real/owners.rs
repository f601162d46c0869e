//! Files and repositories of other users, which root alone can make.

use std::os::unix::fs::chown;

use bakery_tests::Program;

use crate::world::World;

/// A user that is not this one. It needs no name.
const OTHER: u32 = 12_345;

/// An owner is not in the image: builders give all files to root.
pub(crate) fn of_files_change_nothing() {
    let world = World::new();
    let content = ["dev", "tag", "connect", "--policy", "content"];
    let before = world.ok(&content);
    for name in ["app/data", "app/run", "app"] {
        chown(world.path(name), Some(OTHER), Some(OTHER)).unwrap();
    }
    assert_eq!(world.ok(&content), before);
    assert_eq!(world.tag(), world.clean());
}

/// git refuses such a repository, and the outcome is no tag instead of one that others share.
pub(crate) fn of_a_repository_are_told_and_get_no_tag() {
    let world = World::new();
    let clean = world.clean();
    let home = tempfile::tempdir().unwrap();
    let ask = |arguments: &[&str]| {
        Program::bakery().cwd(&world.root).args(arguments).env("HOME", home.path()).run()
    };
    chown(world.path(".git"), Some(OTHER), None).unwrap();
    chown(&world.root, Some(OTHER), None).unwrap();
    let done = ask(&["dev", "tag"]);
    assert_eq!((done.code, done.stdout.as_str()), (1, ""), "{}", done.stderr);
    let line = format!("git config --global --add safe.directory {}", world.root.display());
    assert!(done.stderr.contains(&line), "{}", done.stderr);
    let content = ask(&["dev", "tag", "connect", "--policy", "content"]);
    assert_eq!(content.code, 0, "{}", content.stderr);
    assert_eq!(ask(&["dev", "tag", "--lock"]).code, 1);
    let latest = ask(&["dev", "tag", "connect", "--fallback", "latest"]);
    assert_eq!((latest.code, latest.stdout.as_str()), (0, "latest\n"));
    assert!(latest.stderr.contains("overwrites"), "{}", latest.stderr);
    // A variable of git's does not make it trust: what is given to bakery's git is bakery's to say.
    let trick = Program::bakery().cwd(&world.root).args(["dev", "tag"]).env("HOME", home.path());
    let trick = trick.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "safe.directory");
    assert_eq!(trick.env("GIT_CONFIG_VALUE_0", "*").run().code, 1);
    // The line that is told helps.
    let text = format!("[safe]\n\tdirectory = {}\n", world.root.display());
    std::fs::write(home.path().join(".gitconfig"), text).unwrap();
    let done = ask(&["dev", "tag", "connect"]);
    assert_eq!((done.code, done.stdout.trim_end()), (0, clean.as_str()), "{}", done.stderr);
}
