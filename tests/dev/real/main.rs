//! With image stores of the test's own, `buildah`'s and `dockerd`s': what is built is what was hashed, and a tag names one
//! image. What a machine lacks counts as ignored.
#![expect(
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "what helps a test may fail as a test does"
)]

mod bases;
mod bench;
mod calls;
mod change;
mod cluster;
mod kill;
mod owners;
mod platforms;
mod signals;
mod store;
mod turns;
#[path = "../world.rs"]
mod world;

use std::collections::{BTreeMap, BTreeSet};

use bakery_tests::{DockerRegistry, is_root, on_path};
use libtest_mimic::{Arguments, Trial};
use serde_json::Value;

use crate::{
    store::{Kind, Store},
    world::{World, bakery, write},
};

fn connect(tag: &str) -> String {
    format!("ghcr.io/posit-dev/connect:{tag}")
}

fn what_is_missing_is_built_and_what_is_there_is_taken(kind: Kind) {
    let store = Store::new(kind);
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
        .program(&world.root, &["dev", "build", "connect", "--store", kind.program()])
        .env("BAKERY_FORCE_REBUILD_DEV_IMAGES", "connect")
        .run();
    assert_eq!(done.stdout, format!("connect {tag} built\n"), "{}", done.stderr);
    let done = store
        .program(&world.root, &["dev", "build", "--store", kind.program()])
        .env("BAKERY_FORCE_REBUILD_DEV_IMAGES", "nothing")
        .run();
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("there is no image `nothing`"), "{}", done.stderr);
}

fn another_image_under_the_tag_is_found_and_never_taken(kind: Kind) {
    let store = Store::new(kind);
    let world = World::new();
    store.ok(&world.root, &["dev", "build", "connect"]);
    let name = connect(&world.clean());
    world.write("other/Containerfile", "FROM scratch\nCOPY bakery.yaml /\n");
    let other = world.path("other/Containerfile");
    store.build(&other, &name, &world.root);
    std::fs::remove_dir_all(world.path("other")).unwrap();
    assert_eq!(store.codes(&world.root), ["other-image"]);
    let before = store.names();
    let done = store.run(&world.root, &["dev", "build", "connect"]);
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("bakery dev build connect --force"), "{}", done.stderr);
    assert_eq!(store.names(), before);
    store.ok(&world.root, &["dev", "build", "--force", "connect", "--image-name", "connect"]);
    assert_eq!(store.codes(&world.root), [""; 0]);
    store.remove(&name);
    assert_eq!(store.codes(&world.root), ["not-stored"]);
}

/// The builder itself changes a file of the context, after it was hashed.
fn what_changes_while_it_is_built_gets_no_tag(kind: Kind) {
    let store = Store::new(kind);
    let world = World::new();
    let folder = store.before_builds(&format!("echo 2 > {}", world.path("app/data").display()));
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let arguments = ["dev", "build", "connect", "--store", kind.program()];
    let done = store.program(&world.root, &arguments).env("PATH", path).run();
    assert_eq!(done.code, 1, "{}", done.stderr);
    assert!(done.stderr.contains("changed while it was built"), "{}", done.stderr);
    assert_eq!(store.names(), BTreeMap::new());
    assert_eq!(store.codes(&world.root), ["stale", "stale"], "both images have this context");
}

/// A build that was stopped is told, finished by the same command, and what it left is pruned.
fn a_stopped_build_is_told_and_finished(kind: Kind) {
    use bakery_dev::lock::{Lock, State};
    let store = Store::new(kind);
    let world = World::new();
    world.ok(&["dev", "tag", "--lock"]);
    let file = world.path(".git/bakery/dev-lock.json");
    let lock = Lock::from_bytes(&std::fs::read(&file).unwrap()).unwrap();
    std::fs::write(&file, lock.with_state("connect", State::Building, None).to_bytes()).unwrap();
    assert_eq!(store.codes(&world.root), ["interrupted"]);
    store.ok(&world.root, &["dev", "build"]);
    assert_eq!(store.codes(&world.root), [""; 0]);
    assert_eq!(store.names().len(), 2);
    store.tag(&connect(&world.clean()), "localhost/bakery-dev-build:left");
    let names = store.ok(&world.root, &["dev", "prune"]);
    assert!(names.starts_with("localhost/bakery-dev-build:left "), "{names}");
    assert_eq!(store.names().len(), 3, "nothing is removed without --yes");
    store.ok(&world.root, &["dev", "prune", "--yes"]);
    assert_eq!(store.names().len(), 2);
}

fn prune_removes_only_what_no_worktree_names(kind: Kind) {
    let store = Store::new(kind);
    let world = World::new();
    let second = world.second();
    store.ok(&world.root, &["dev", "build", "connect"]);
    let first = connect(&world.clean());
    write(&second, "app/data", "of the second");
    store.ok(&second, &["dev", "build", "connect"]);
    let [other]: [String; 1] =
        store.names().into_keys().filter(|name| *name != first).collect::<Vec<_>>().try_into().unwrap();
    store.tag(&first, "ghcr.io/posit-dev/connect:mine");
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
fn no_tag_ever_names_two_images(kind: Kind) {
    let store = Store::new(kind);
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

type Case = (&'static str, fn());
type OfStore = (&'static str, fn(Kind));

/// Whoever is not root cannot give files away.
const OF_ROOT: [Case; 2] = [
    ("owners_of_files_change_nothing", owners::of_files_change_nothing),
    ("a_repository_of_another_user_gets_no_tag", owners::of_a_repository_are_told_and_get_no_tag),
];

/// With every store.
const CASES: [OfStore; 7] = [
    ("several_platforms_are_held_or_refused_before_a_build", platforms::are_held_or_refused_before_a_build),
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

/// With a registry.
const BASES: [Case; 2] = [
    ("a_base_that_moves_moves_the_key", bases::a_base_that_moves_moves_the_key),
    ("a_registry_that_does_not_answer_is_told", bases::a_registry_that_does_not_answer_is_told),
];

/// With every store and a registry.
const BUILT_ON_BASES: [OfStore; 2] = [
    ("what_was_hashed_is_what_is_built_on", bases::what_was_hashed_is_what_is_built_on),
    ("another_image_in_the_registry_is_found", bases::another_image_in_the_registry_is_found),
];

/// The same, hurt on purpose.
const HOSTILE: [Case; 10] = [
    ("a_build_killed_at_any_command_of_the_store_is_mended", calls::build),
    ("a_forced_build_killed_at_any_command_of_the_store_is_mended", calls::force),
    ("prune_killed_at_any_command_of_the_store_goes_on", calls::prune),
    ("a_build_that_gets_a_signal_while_it_works_ends_and_is_mended", signals::while_it_works),
    ("a_build_that_gets_a_signal_while_it_waits_ends_at_once", signals::while_it_waits),
    ("what_is_changed_and_taken_back_while_it_is_built_gets_no_tag", change::taken_back),
    ("what_is_not_in_the_context_may_change_while_it_is_built", change::what_is_ignored),
    ("what_changes_while_it_is_hashed_again_gets_no_tag", change::during_the_second_hash),
    ("fifty_orders_of_two_worktrees_never_give_a_name_two_images", turns::fifty),
    ("a_forced_build_alone_moves_a_name_and_the_other_worktree_is_told", turns::forced),
];

/// Killed by `strace`, without an image store.
const TRACED: [Case; 3] = [
    ("dev_tag_lock_killed_anywhere_leaves_a_whole_lock", kill::tag_lock),
    ("dev_tag_config_dir_killed_anywhere_leaves_a_whole_file", kill::tag_config_dir),
    ("dev_rewrite_killed_anywhere_leaves_whole_manifests", kill::rewrite),
];

/// The same with one.
const TRACED_STORE: [Case; 2] = [
    ("dev_build_killed_anywhere_is_mended", kill::build),
    ("dev_prune_killed_anywhere_goes_on", kill::prune),
];

fn main() {
    let arguments = Arguments::from_args();
    let lacks = |needed: &[(&'static str, bool)]| -> Vec<&'static str> {
        needed.iter().filter(|(_, there)| !there).map(|(name, _)| *name).collect()
    };
    let buildah = ("buildah", on_path("buildah").is_some());
    let registry = ("docker-registry", DockerRegistry::is_installed());
    let untraced = kill::lacks();
    let trace = (untraced.unwrap_or_default(), untraced.is_none());
    let groups: [(&[Case], Vec<&str>); 5] = [
        (&BASES, lacks(&[buildah, registry])),
        (&OF_ROOT, lacks(&[("root", is_root())])),
        (&HOSTILE, lacks(&[buildah])),
        (&TRACED, lacks(&[trace])),
        (&TRACED_STORE, lacks(&[buildah, trace])),
    ];
    let mut trials = Vec::new();
    let mut add = |name: String, lacks: &[&str], case: Box<dyn FnOnce() + Send>| {
        if !lacks.is_empty() {
            eprintln!("skipped: {name}: there is no {}", lacks.join(", "));
        }
        let run = move || {
            case();
            Ok(())
        };
        trials.push(Trial::test(name, run).with_ignored_flag(!lacks.is_empty()));
    };
    for (cases, lacks) in groups {
        for (name, case) in cases {
            add((*name).to_owned(), &lacks, Box::new(case));
        }
    }
    for (name, lacks, case) in cluster::cases() {
        add(name, &lacks, case);
    }
    for kind in Kind::ALL {
        let store = kind.lacks();
        let both = [store.clone(), lacks(&[buildah, registry])].concat();
        let cases = CASES.iter().map(|case| (case, &store));
        for ((name, case), lacks) in cases.chain(BUILT_ON_BASES.iter().map(|case| (case, &both))) {
            add(format!("{}::{name}", kind.word()), lacks, Box::new(move || case(kind)));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}
