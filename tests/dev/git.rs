//! What git cannot say: each way is an outcome of its own, and none of them is a tag that others share.

use bakery_tests::Program;

use crate::world::{World, bakery, git};

#[test]
fn without_a_repository_or_a_commit_the_tag_says_so() {
    let world = World::bare();
    let done = world.bakery(&["dev", "tag", "connect"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stdout.starts_with("dev-nogit-"), "{}", done.stdout);
    assert!(done.stderr.contains("in no git repository"), "{}", done.stderr);
    world.git(&["init", "-q"]);
    let unborn = world.bakery(&["dev", "tag", "connect"]);
    assert_eq!(unborn.stdout, done.stdout);
    assert!(unborn.stderr.contains("no commit yet"), "{}", unborn.stderr);
}

#[test]
fn without_git_the_tag_says_so() {
    let world = World::new();
    let done =
        Program::bakery().cwd(&world.root).args(["dev", "tag", "connect"]).env("PATH", "/nowhere").run();
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stdout.starts_with("dev-nogit-"), "{}", done.stdout);
    assert!(done.stderr.contains("no `git` on the PATH"), "{}", done.stderr);
    assert!(world.tag().starts_with("dev-") && !world.tag().contains("nogit"));
}

#[test]
fn a_shallow_clone_has_its_commit() {
    let world = World::new();
    world.write("app/data", "2");
    world.commit("two");
    let clone = world.root.with_file_name("clone");
    let from = format!("file://{}", world.root.display());
    world.git(&["clone", "-q", "--depth", "1", &from, clone.to_str().unwrap()]);
    let done = bakery(&clone, &["dev", "tag", "connect"]);
    assert_eq!(done.stdout.trim_end(), world.clean(), "{}", done.stderr);
    assert!(done.stderr.contains("shallow"), "{}", done.stderr);
}

/// A `git` that says what git says about a repository of another user. The real one is asked where root may give folders
/// away: `real/owners.rs`.
const REFUSES: &str = "#!/bin/sh
echo \"fatal: detected dubious ownership in repository at '/x'\" >&2
echo 'To add an exception for this directory, call:' >&2
echo '        git config --global --add safe.directory /x' >&2
exit 128
";

#[test]
fn a_repository_of_another_user_gets_no_tag_and_the_line_that_helps() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap().to_owned() + ":/usr/bin:/bin";
    std::fs::write(folder.path().join("git"), REFUSES).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path().join("git"), mode).unwrap();
    refused(&|arguments| Program::bakery().cwd(&world.root).args(arguments).env("PATH", &path).run());
}

fn refused(ask: &dyn Fn(&[&str]) -> bakery_tests::Finished) {
    let done = ask(&["dev", "tag"]);
    assert_eq!((done.code, done.stdout.as_str()), (1, ""), "{}", done.stderr);
    assert!(done.stderr.contains("safe.directory"), "{}", done.stderr);
    let content = ask(&["dev", "tag", "connect", "--policy", "content"]);
    assert_eq!(content.code, 0, "{}", content.stderr);
    let latest = ask(&["dev", "tag", "connect", "--fallback", "latest"]);
    assert_eq!((latest.code, latest.stdout.as_str()), (0, "latest\n"));
    assert!(latest.stderr.contains("overwrites"), "{}", latest.stderr);
}

#[test]
fn the_environment_of_a_hook_and_another_folder_do_not_lead_elsewhere() {
    let (world, other) = (World::new(), World::new());
    other.write("app/data", "other");
    other.commit("other");
    let done = Program::bakery()
        .cwd(&other.root)
        .args(["dev", "tag", "connect", "--context"])
        .args([&world.root])
        .env("GIT_DIR", other.path(".git"))
        .env("GIT_WORK_TREE", &other.root)
        .env("GIT_INDEX_FILE", other.path(".git/index"))
        .run();
    assert_eq!(done.stdout.trim_end(), world.clean(), "{}", done.stderr);
}

#[test]
fn nothing_that_a_repository_configures_is_run() {
    let world = World::new();
    let mark = world.root.with_file_name("ran");
    let run = format!("touch {}; cat", mark.display());
    for key in ["core.fsmonitor", "filter.x.clean", "filter.x.smudge", "filter.x.process", "diff.x.textconv"]
    {
        world.git(&["config", key, &run]);
    }
    std::fs::create_dir_all(world.path(".git/hooks")).unwrap();
    for hook in ["post-index-change", "reference-transaction", "post-checkout"] {
        std::fs::write(world.path(&format!(".git/hooks/{hook}")), format!("#!/bin/sh\n{run}\n")).unwrap();
        world.mode(&format!(".git/hooks/{hook}"), 0o755);
    }
    std::fs::write(world.path(".git/info/attributes"), "* filter=x diff=x\n").unwrap();
    assert_eq!(world.tag(), world.clean());
    world.ok(&["dev", "tag", "--lock"]);
    assert!(!mark.exists());
    // The index is as it was: nothing was added or refreshed.
    assert_eq!(git(&world.root, &["diff", "--cached", "--name-only"]), "");
    let _ = std::fs::remove_file(&mark);
    // Whoever asks git in the plain way runs it.
    world.write("app/data", "3");
    git(&world.root, &["status"]);
    assert!(mark.exists(), "what must not run would be seen if it ran");
}
