//! States of a tree: where what can change the image differs, the tag differs, whatever git says about it; where only
//! times, owners or paths differ, the tag is the same.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::symlink,
    time::{Duration, SystemTime},
};

use crate::world::{World, bakery, git, write};

/// Puts the tree into a state, and gives the tag.
fn in_state(change: impl FnOnce(&World)) -> String {
    let world = with_submodule();
    let clean = world.clean();
    assert_eq!(world.tag(), clean, "the tree is clean before");
    change(&world);
    let tag = world.tag();
    assert_eq!(world.tag(), tag, "a second run says the same");
    if tag == clean { "clean".to_owned() } else { tag.strip_prefix(&format!("{clean}-")).unwrap().to_owned() }
}

fn with_submodule() -> World {
    let library = World::bare();
    library.write("library.txt", "1");
    library.git(&["init", "-q"]);
    library.commit("library");
    let world = World::bare();
    world.write(".gitignore", "ignored.txt\n");
    world.write("ignored.txt", "1");
    symlink("run", world.path("app/link")).unwrap();
    world.git(&["init", "-q"]);
    world.git(&["submodule", "--quiet", "add", library.root.to_str().unwrap(), "sub"]);
    fs::remove_file(world.path("ignored.txt")).unwrap();
    world.commit("one");
    world
}

#[test]
fn every_state_in_which_the_content_differs_has_a_tag_of_its_own() {
    let states: Vec<(&str, String)> = vec![
        ("clean", in_state(|_| {})),
        ("edit A", in_state(|w| w.write("app/data", "A"))),
        ("edit B", in_state(|w| w.write("app/data", "B"))),
        (
            "staged edit",
            in_state(|w| {
                w.write("app/data", "C");
                w.git(&["add", "-A"]);
            }),
        ),
        ("executable", in_state(|w| w.mode("app/data", 0o755))),
        (
            "executable, and git looks away",
            in_state(|w| {
                w.git(&["config", "core.fileMode", "false"]);
                w.mode("app/data", 0o700);
            }),
        ),
        ("not executable", in_state(|w| w.mode("app/run", 0o644))),
        ("an ignored file", in_state(|w| w.write("ignored.txt", "1"))),
        ("another ignored file", in_state(|w| w.write("ignored.txt", "2"))),
        ("an untracked file", in_state(|w| w.write("new", ""))),
        ("an empty folder", in_state(|w| fs::create_dir(w.path("empty")).unwrap())),
        (
            "assume-unchanged",
            in_state(|w| {
                w.git(&["update-index", "--assume-unchanged", "app/data"]);
                w.write("app/data", "D");
            }),
        ),
        (
            "skip-worktree",
            in_state(|w| {
                w.git(&["update-index", "--skip-worktree", "app/data"]);
                w.write("app/data", "E");
            }),
        ),
        ("submodule A", in_state(|w| w.write("sub/library.txt", "A"))),
        ("submodule B", in_state(|w| w.write("sub/library.txt", "B"))),
        (
            "submodule, and git looks away",
            in_state(|w| {
                w.git(&["config", "submodule.sub.ignore", "all"]);
                w.git(&["config", "diff.ignoreSubmodules", "all"]);
                w.write("sub/library.txt", "C");
                assert_eq!(w.git(&["status", "--porcelain"]), "");
            }),
        ),
        ("a file less", in_state(|w| fs::remove_file(w.path("app/data")).unwrap())),
        ("moved", in_state(|w| fs::rename(w.path("app/data"), w.path("app/Data")).unwrap())),
        (
            "a link's text",
            in_state(|w| {
                fs::remove_file(w.path("app/link")).unwrap();
                symlink("data", w.path("app/link")).unwrap();
            }),
        ),
        (
            "a link's end becomes a file",
            in_state(|w| {
                fs::remove_file(w.path("app/link")).unwrap();
                w.write("app/link", "run");
            }),
        ),
        (
            "the Containerfile",
            in_state(|w| {
                w.write("connect/1.1.0/Containerfile.ubuntu2404.std", "FROM scratch\n");
            }),
        ),
        ("the ignore file", in_state(|w| w.write(".dockerignore", "k8s\n"))),
        (
            "the configuration",
            in_state(|w| {
                let yaml = w.read("bakery.yaml") + "# more\n";
                w.write("bakery.yaml", yaml);
            }),
        ),
        (
            "names that are no text",
            in_state(|w| {
                use std::os::unix::ffi::OsStrExt as _;
                let name = std::ffi::OsStr::from_bytes(b"n\n\xff\"");
                fs::write(w.root.join(name), "").unwrap();
            }),
        ),
    ];
    let distinct: BTreeSet<&String> = states.iter().map(|(_, tag)| tag).collect();
    assert_eq!(distinct.len(), states.len(), "{states:#?}");
    assert_eq!(states.iter().filter(|(_, tag)| tag == "clean").count(), 1, "{states:#?}");
}

#[test]
fn times_and_what_is_ignored_change_nothing() {
    for change in [
        (|w: &World| {
            let then = SystemTime::now() - Duration::from_secs(86_400);
            let file = fs::File::options().write(true).open(w.path("app/data")).unwrap();
            file.set_modified(then).unwrap();
        }) as fn(&World),
        |w| {
            let bytes = fs::read(w.path("app/data")).unwrap();
            fs::remove_file(w.path("app/data")).unwrap();
            w.write("app/data", bytes);
        },
        |w| w.write("x.log", "left out of the context"),
        |w| w.write("k8s/app.yaml", "left out as well"),
        |w| {
            w.git(&["branch", "other"]);
            w.git(&["switch", "-q", "other"]);
        },
        |w| w.git(&["gc", "-q"]).clear(),
    ] {
        assert_eq!(in_state(change), "clean");
    }
}

#[test]
fn another_path_is_the_same_and_another_edit_is_not() {
    let world = World::new();
    let second = world.second();
    let tag = |arguments: &[&str]| {
        let done = bakery(&second, arguments);
        assert_eq!(done.code, 0, "{}", done.stderr);
        done.stdout
    };
    let content = ["dev", "tag", "--policy", "content"];
    assert_eq!(tag(&["dev", "tag"]), world.ok(&["dev", "tag"]));
    assert_eq!(tag(&content), world.ok(&content));
    write(&second, "app/data", "second");
    world.write("app/data", "first");
    assert_ne!(tag(&["dev", "tag"]), world.ok(&["dev", "tag"]));
    world.write("app/data", "second");
    assert_eq!(tag(&["dev", "tag"]), world.ok(&["dev", "tag"]));
    // A commit that changes nothing of the context moves the tag of the commit, and not that of the content.
    let before = tag(&content);
    write(&second, "k8s/app.yaml", "new");
    git(&second, &["add", "k8s"]);
    git(&second, &["commit", "-qm", "two"]);
    assert_eq!(tag(&content), before);
}

#[test]
fn a_submodule_that_is_not_there_proves_nothing() {
    let world = with_submodule();
    world.git(&["submodule", "--quiet", "deinit", "-f", "sub"]);
    let done = world.bakery(&["dev", "tag", "connect"]);
    assert_eq!(done.code, 0);
    assert_ne!(done.stdout.trim_end(), world.clean());
    assert!(done.stderr.contains("submodule `sub` is not checked out"), "{}", done.stderr);
}
