//! With `buildah`, whose images lie in a folder of the test: what is built is what was hashed, and a tag names one image.
//! What a machine lacks counts as ignored.
#![expect(
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "what helps a test may fail as a test does"
)]

mod bases;
#[path = "../world.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod world;

mod cluster;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use bakery_tests::{DockerRegistry, Finished, Program, on_path};
use libtest_mimic::{Arguments, Trial};
use serde_json::Value;

use crate::world::{World, bakery, write};

/// A store of the test's own, and a home.
struct Store {
    place: tempfile::TempDir,
}

impl Store {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().display().to_string();
        std::fs::write(
            place.path().join("storage.conf"),
            format!(
                "[storage]\ndriver = \"vfs\"\ngraphroot = \"{folder}/root\"\nrunroot = \"{folder}/run\"\n"
            ),
        )
        .unwrap();
        let store = Self { place };
        std::fs::write(store.registries(), "").unwrap();
        store
    }

    /// Lets buildah speak http to a registry of the test.
    fn trust(&self, registry: &str) {
        let text = format!("[[registry]]\nlocation = \"{registry}\"\ninsecure = true\n");
        std::fs::write(self.registries(), text).unwrap();
    }

    fn registries(&self) -> PathBuf {
        self.place.path().join("registries.conf")
    }

    fn config(&self) -> PathBuf {
        self.place.path().join("storage.conf")
    }

    fn program(&self, folder: &Path, arguments: &[&str]) -> Program {
        Program::bakery()
            .cwd(folder)
            .env("CONTAINERS_STORAGE_CONF", self.config())
            .env("CONTAINERS_REGISTRIES_CONF", self.registries())
            .env("BUILDAH_ISOLATION", "chroot")
            .env("HOME", self.place.path())
            .args(arguments)
    }

    fn run(&self, folder: &Path, arguments: &[&str]) -> Finished {
        self.program(folder, &[arguments, &["--store", "buildah"]].concat()).run()
    }

    #[track_caller]
    fn ok(&self, folder: &Path, arguments: &[&str]) -> String {
        let done = self.run(folder, arguments);
        assert_eq!(done.code, 0, "{arguments:?}: {}", done.stderr);
        done.stdout
    }

    #[track_caller]
    fn buildah(&self, arguments: &[&str]) -> String {
        let done = Command::new("buildah")
            .env("CONTAINERS_STORAGE_CONF", self.config())
            .env("CONTAINERS_REGISTRIES_CONF", self.registries())
            .env("BUILDAH_ISOLATION", "chroot")
            .args(arguments)
            .output()
            .unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).into_owned()
    }

    /// Every name with its id.
    fn names(&self) -> BTreeMap<String, String> {
        let images: Value = serde_json::from_str(&self.buildah(&["images", "--json", "--no-trunc"])).unwrap();
        let mut names = BTreeMap::new();
        for image in images.as_array().into_iter().flatten() {
            for name in image["names"].as_array().into_iter().flatten() {
                names.insert(name.as_str().unwrap().to_owned(), image["id"].as_str().unwrap().to_owned());
            }
        }
        names
    }

    fn codes(&self, folder: &Path) -> Vec<String> {
        let done = self.run(folder, &["dev", "check", "--json"]);
        let answer: Value = serde_json::from_str(&done.stdout).unwrap_or_else(|_| panic!("{}", done.stderr));
        let findings = answer["findings"].as_array().unwrap().iter();
        findings.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
    }
}

fn connect(tag: &str) -> String {
    format!("ghcr.io/posit-dev/connect:{tag}")
}

fn what_is_missing_is_built_and_what_is_there_is_taken() {
    let store = Store::new();
    let world = World::new();
    let built = store.ok(&world.root, &["dev", "build", "connect"]);
    assert_eq!(built, format!("connect {} built\n", world.clean()));
    let name = connect(&world.clean());
    let before = store.names();
    assert_eq!(before.keys().collect::<Vec<_>>(), [&name], "no temporary name is left");
    assert_eq!(store.codes(&world.root), [""; 0]);
    let again = store.ok(&world.root, &["dev", "build", "connect"]);
    assert_eq!(again, format!("connect {} present\n", world.clean()));
    assert_eq!(store.names(), before);
    // HEAD moves, the inputs do not: the lock's tag stays.
    let tag = world.clean();
    world.git(&["commit", "-qm", "empty", "--allow-empty"]);
    assert_eq!(store.ok(&world.root, &["dev", "build", "connect"]), format!("connect {tag} present\n"));
    let forced = store.ok(&world.root, &["dev", "build", "--force", "connect", "--image-name", "connect"]);
    assert_eq!(forced, format!("connect {tag} built\n"));
    assert_ne!(store.names()[&name], before[&name]);
    assert_eq!(store.codes(&world.root), [""; 0]);
    let done = store
        .program(&world.root, &["dev", "build", "connect", "--store", "buildah"])
        .env("BAKERY_FORCE_REBUILD_DEV_IMAGES", "connect")
        .run();
    assert_eq!(done.stdout, format!("connect {tag} built\n"), "{}", done.stderr);
    let done = store
        .program(&world.root, &["dev", "build", "--store", "buildah"])
        .env("BAKERY_FORCE_REBUILD_DEV_IMAGES", "nothing")
        .run();
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("there is no image `nothing`"), "{}", done.stderr);
}

fn another_image_under_the_tag_is_found_and_never_taken() {
    let store = Store::new();
    let world = World::new();
    store.ok(&world.root, &["dev", "build", "connect"]);
    let name = connect(&world.clean());
    world.write("other/Containerfile", "FROM scratch\nCOPY bakery.yaml /\n");
    let other = world.path("other/Containerfile");
    let root = world.root.to_str().unwrap();
    store.buildah(&["build", "--file", other.to_str().unwrap(), "--tag", &name, root]);
    std::fs::remove_dir_all(world.path("other")).unwrap();
    assert_eq!(store.codes(&world.root), ["other-image"]);
    let before = store.names();
    let done = store.run(&world.root, &["dev", "build", "connect"]);
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("bakery dev build --force connect"), "{}", done.stderr);
    assert_eq!(store.names(), before);
    store.ok(&world.root, &["dev", "build", "--force", "connect", "--image-name", "connect"]);
    assert_eq!(store.codes(&world.root), [""; 0]);
    store.buildah(&["rmi", &name]);
    assert_eq!(store.codes(&world.root), ["not-stored"]);
}

/// The builder itself changes a file of the context, after it was hashed.
fn what_changes_while_it_is_built_gets_no_tag() {
    use std::os::unix::fs::PermissionsExt as _;
    let store = Store::new();
    let world = World::new();
    let real = on_path("buildah").unwrap();
    let folder = store.place.path().join("bin");
    std::fs::create_dir(&folder).unwrap();
    let script = format!(
        "#!/bin/sh\nif [ \"$1\" = build ]; then echo 2 > {}; fi\nexec {} \"$@\"\n",
        world.path("app/data").display(),
        real.display()
    );
    std::fs::write(folder.join("buildah"), script).unwrap();
    std::fs::set_permissions(folder.join("buildah"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let arguments = ["dev", "build", "connect", "--store", "buildah"];
    let done = store.program(&world.root, &arguments).env("PATH", path).run();
    assert_eq!(done.code, 1, "{}", done.stderr);
    assert!(done.stderr.contains("changed while it was built"), "{}", done.stderr);
    assert_eq!(store.names(), BTreeMap::new());
    assert_eq!(store.codes(&world.root), ["stale", "stale"], "both images have this context");
}

/// A build that was stopped is told, finished by the same command, and what it left is pruned.
fn a_stopped_build_is_told_and_finished() {
    use bakery_dev::lock::{Lock, State};
    let store = Store::new();
    let world = World::new();
    world.ok(&["dev", "tag", "--lock"]);
    let file = world.path(".git/bakery/dev-lock.json");
    let lock = Lock::from_bytes(&std::fs::read(&file).unwrap()).unwrap();
    std::fs::write(&file, lock.with_state("connect", State::Building, None).to_bytes()).unwrap();
    assert_eq!(store.codes(&world.root), ["interrupted"]);
    store.ok(&world.root, &["dev", "build"]);
    assert_eq!(store.codes(&world.root), [""; 0]);
    assert_eq!(store.names().len(), 2);
    store.buildah(&["tag", &connect(&world.clean()), "localhost/bakery-dev-build:left"]);
    let names = store.ok(&world.root, &["dev", "prune"]);
    assert!(names.starts_with("localhost/bakery-dev-build:left "), "{names}");
    assert_eq!(store.names().len(), 3, "nothing is removed without --yes");
    store.ok(&world.root, &["dev", "prune", "--yes"]);
    assert_eq!(store.names().len(), 2);
}

fn prune_removes_only_what_no_worktree_names() {
    let store = Store::new();
    let world = World::new();
    let second = world.second();
    store.ok(&world.root, &["dev", "build", "connect"]);
    let first = connect(&world.clean());
    write(&second, "app/data", "of the second");
    store.ok(&second, &["dev", "build", "connect"]);
    let [other]: [String; 1] =
        store.names().into_keys().filter(|name| *name != first).collect::<Vec<_>>().try_into().unwrap();
    store.buildah(&["tag", &first, "ghcr.io/posit-dev/connect:mine"]);
    assert_eq!(store.ok(&world.root, &["dev", "prune", "--yes"]), "", "each is named by a worktree");
    write(&second, "app/data", "later");
    assert_eq!(bakery(&second, &["dev", "tag", "--lock"]).code, 0);
    let gone = store.ok(&world.root, &["dev", "prune", "--yes"]);
    assert!(gone.starts_with(&format!("{other} sha256:")), "{gone}");
    let left: Vec<String> = store.names().into_keys().collect();
    assert_eq!(left, [first, "ghcr.io/posit-dev/connect:mine".to_owned()]);
    // Another repository's images are nothing of ours.
    let foreign = World::new();
    foreign.write("app/data", "foreign");
    store.ok(&foreign.root, &["dev", "build", "connect"]);
    assert_eq!(store.ok(&world.root, &["dev", "prune", "--yes"]), "");
    // A lock that cannot be read may name anything.
    std::fs::write(world.path(".git/worktrees/second/bakery/dev-lock.json"), "{").unwrap();
    let done = store.run(&world.root, &["dev", "prune", "--yes"]);
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("nothing is removed"), "{}", done.stderr);
}

/// Two worktrees with the same inputs, and then with different ones, build at the same time.
fn no_tag_ever_names_two_images() {
    let store = Store::new();
    let world = World::new();
    let second = world.second();
    let mut ever: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for round in 0..8 {
        // Even rounds have the same inputs in both.
        write(&world.root, "app/data", format!("round {round}"));
        write(&second, "app/data", format!("round {}", if round % 2 == 0 { round } else { round + 100 }));
        let arguments = ["dev", "build", "connect", "--json"];
        std::thread::scope(|scope| {
            let runs: Vec<_> = [&world.root, &second]
                .into_iter()
                .map(|folder| scope.spawn(|| store.ok(folder, &arguments)))
                .collect();
            for run in runs {
                let answer: Value = serde_json::from_str(&run.join().unwrap()).unwrap();
                let connect = &answer["images"]["connect"];
                let id = connect["id"].as_str().unwrap().to_owned();
                ever.entry(connect["tag"].as_str().unwrap().to_owned()).or_default().insert(id);
            }
        });
        for (name, id) in store.names() {
            let tag = name.rsplit_once(':').unwrap().1.to_owned();
            ever.entry(tag).or_default().insert(id);
        }
    }
    assert_eq!(ever.len(), 12);
    assert!(ever.values().all(|ids| ids.len() == 1), "{ever:?}");
}

const CASES: [(&str, fn()); 6] = [
    (
        "what_is_missing_is_built_and_what_is_there_is_taken",
        what_is_missing_is_built_and_what_is_there_is_taken,
    ),
    (
        "another_image_under_the_tag_is_found_and_never_taken",
        another_image_under_the_tag_is_found_and_never_taken,
    ),
    ("what_changes_while_it_is_built_gets_no_tag", what_changes_while_it_is_built_gets_no_tag),
    ("a_stopped_build_is_told_and_finished", a_stopped_build_is_told_and_finished),
    ("prune_removes_only_what_no_worktree_names", prune_removes_only_what_no_worktree_names),
    ("no_tag_ever_names_two_images", no_tag_ever_names_two_images),
];

const BASES: [(&str, fn()); 4] = [
    ("a_base_that_moves_moves_the_key", bases::a_base_that_moves_moves_the_key),
    ("what_was_hashed_is_what_is_built_on", bases::what_was_hashed_is_what_is_built_on),
    ("a_registry_that_does_not_answer_is_told", bases::a_registry_that_does_not_answer_is_told),
    ("another_image_in_the_registry_is_found", bases::another_image_in_the_registry_is_found),
];

fn main() {
    let arguments = Arguments::from_args();
    let lacks = |needed: &[(&'static str, bool)]| -> Vec<&'static str> {
        needed.iter().filter(|(_, there)| !there).map(|(name, _)| *name).collect()
    };
    let buildah = ("buildah", on_path("buildah").is_some());
    let registry = ("docker-registry", DockerRegistry::is_installed());
    let cases = CASES.map(|case| (case, lacks(&[buildah])));
    let bases = BASES.map(|case| (case, lacks(&[buildah, registry])));
    let clusters = cluster::CASES.map(|(name, programs, case)| ((name, case), cluster::lacks(programs)));
    let trials: Vec<Trial> = cases
        .into_iter()
        .chain(bases)
        .chain(clusters)
        .map(|((name, case), missing)| {
            if !missing.is_empty() {
                eprintln!("skipped: {name}: there is no {}", missing.join(", "));
            }
            let run = move || {
                case();
                Ok(())
            };
            Trial::test(name, run).with_ignored_flag(!missing.is_empty())
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}
