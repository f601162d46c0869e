//! `kill -9` before every change that bakery makes to the file system, and a full disk at it: `strace` counts the system
//! calls of bakery's main thread, and of nothing else, and hurts it at the n-th. Afterwards nothing is half written, and
//! the lines that `dev check` prints lead to a check that agrees.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::{fs::PermissionsExt as _, process::ExitStatusExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use bakery_dev::lock::Lock;
use bakery_tests::{artefact_folder, on_path};

use crate::{
    bench::Bench,
    world::{World, write},
};

/// What makes, changes, locks and removes files. Some machines lack those with a question mark.
const CHANGES: &str = "write,?rename,renameat,renameat2,fsync,fdatasync,?unlink,unlinkat,?link,linkat,flock,\
    ?mkdir,mkdirat,?chmod,fchmod,fchmodat,ftruncate";
/// What makes a change last: a few calls for each file.
const STEPS: &str = "?rename,renameat,renameat2,fsync,fdatasync";
/// The exit code of whoever was killed.
const KILLED: i32 = 128 + 9;
/// Kills of one command.
const MOST: usize = 200;
/// What bakery keeps beside a lock.
const STATE: [&str; 6] = ["dev-lock.json", "dev-owner", "dev-stat", "dev-build-id", "writing", "written"];

/// Why nothing can be traced here.
pub(crate) fn lacks() -> Option<&'static str> {
    let Some(strace) = on_path("strace") else { return Some("strace") };
    let traced = Command::new(strace)
        .args(["-qq", "-o", "/dev/null", "-e", "inject=getppid:signal=SIGKILL:when=1", "true"])
        .stderr(Stdio::null())
        .status();
    if traced.is_ok_and(|status| status.success()) { None } else { Some("permission to trace processes") }
}

/// What happens at a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hurt {
    /// bakery is killed before it.
    Kill,
    /// It fails as on a full disk.
    Full,
}

/// Runs a command below `strace`, which tells of `calls` and hurts at the n-th of one kind; gives what it told and the
/// exit code.
#[track_caller]
fn traced(
    bench: &Bench,
    folder: &Path,
    arguments: &[&str],
    calls: &str,
    hurt: Option<(Hurt, &str, usize)>,
) -> (Vec<String>, i32) {
    let log = bench.path("strace");
    let mut command = Command::new(on_path("strace").unwrap());
    command.args(["-qq", "-y", "-e", "signal=none", "-e", &format!("trace={calls}"), "-o"]).arg(&log);
    if let Some((hurt, call, nth)) = hurt {
        let what = if hurt == Hurt::Kill { "signal=SIGKILL" } else { "error=ENOSPC" };
        command.args(["-e", &format!("inject={call}:{what}:when={nth}")]);
    }
    command.arg(artefact_folder().join("bakery")).args(arguments);
    let done = command.env_clear().envs(bench.environment()).current_dir(folder).output().unwrap();
    let code = done.status.signal().map_or_else(|| done.status.code(), |signal| Some(128 + signal)).unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    let told_why = match (hurt, code) {
        (_, 0) | (Some((Hurt::Kill, ..)), KILLED) => true,
        // What cannot be written to standard error is not told.
        (Some((Hurt::Full, call, _)), 1) => call == "write" || said.contains("No space left"),
        _ => false,
    };
    assert!(told_why, "{arguments:?} with {hurt:?} ended with {code}: {said}");
    let told = fs::read_to_string(&log).unwrap();
    (told.lines().filter(|line| line.contains('(')).map(str::to_owned).collect(), code)
}

/// Hurts a command at each of its calls, each time in a world of its own. Gives how often.
fn everywhere(
    hurt: Hurt,
    arguments: &[&str],
    calls: &str,
    make: impl Fn() -> (Bench, World),
    judge: impl Fn(&Bench, &World, &str),
) -> usize {
    let (bench, world) = make();
    let (all, _) = traced(&bench, &world.root, arguments, calls, None);
    assert!(all.len() <= MOST, "{arguments:?} has {} calls", all.len());
    let kinds: BTreeSet<&str> = all.iter().filter_map(|line| Some(line.split_once('(')?.0)).collect();
    let mut hurts = 0;
    for call in kinds {
        // One run has more calls than another one, as where it has less to keep: each counts its own, to the end.
        let mut nth = 0;
        loop {
            nth += 1;
            let (bench, world) = make();
            let (told, code) = traced(&bench, &world.root, arguments, calls, Some((hurt, call, nth)));
            let is_hurt = |line: &&String| line.contains("(INJECTED)");
            let last = if hurt == Hurt::Kill { told.last() } else { told.iter().find(is_hurt) };
            let when = format!("{arguments:?} with {hurt:?} at {last:?}");
            bench.await_quiet(&when);
            if code != KILLED && (hurt == Hurt::Kill || last.is_none()) {
                break;
            }
            hurts += 1;
            assert!(hurts <= MOST, "{arguments:?} does not get to its end");
            judge(&bench, &world, &when);
        }
        assert!(nth > 1, "{arguments:?} was never hurt at `{call}`: {all:?}");
    }
    hurts
}

/// The lock, which is never torn.
#[track_caller]
pub(crate) fn lock_of(world: &World, when: &str) -> Option<Lock> {
    let bytes = fs::read(world.path(".git/bakery/dev-lock.json")).ok()?;
    Some(Lock::from_bytes(&bytes).unwrap_or_else(|error| panic!("{when}: {error}")))
}

/// Every file of the worktree with its permissions, without git's.
fn files(root: &Path) -> BTreeMap<PathBuf, u32> {
    let mut all = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() && entry.file_name() != ".git" {
                folders.push(entry.path());
            } else if kind.is_file() {
                all.insert(entry.path(), entry.metadata().unwrap().permissions().mode() & 0o7777);
            }
        }
    }
    all
}

/// What bakery keeps, and nothing else.
#[track_caller]
fn only_state(world: &World, when: &str) {
    let names = fs::read_dir(world.path(".git/bakery")).unwrap();
    let names: BTreeSet<String> =
        names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    let strange: Vec<&String> = names.iter().filter(|name| !STATE.contains(&name.as_str())).collect();
    assert!(strange.is_empty(), "{when}: {strange:?}");
}

fn edited() -> (Bench, World) {
    let (bench, world) = (Bench::plain(), World::new());
    bench.ok(&world.root, &["dev", "tag", "--lock"]);
    world.write("app/data", "2");
    (bench, world)
}

pub(crate) fn tag_lock() {
    for hurt in [Hurt::Kill, Hurt::Full] {
        tag_lock_with(hurt);
    }
}

fn tag_lock_with(hurt: Hurt) {
    let arguments = ["dev", "tag", "--lock"];
    let judge = |bench: &Bench, world: &World, when: &str| {
        let tag = bench.ok(&world.root, &["dev", "tag", "connect"]);
        let locked = lock_of(world, when).map(|lock| lock.images["connect"].tag.clone());
        let mended = bench.mend(&world.root, when);
        assert_eq!(mended.is_empty(), locked.as_deref() == Some(tag.trim_end()), "{when}: {mended:?}");
        assert_eq!(bench.ok(&world.root, &["dev", "tag", "connect"]), tag, "{when}: what is left counts");
        bench.ok(&world.root, &arguments);
        only_state(world, when);
    };
    let first = everywhere(hurt, &arguments, CHANGES, || (Bench::plain(), World::new()), judge);
    let again = everywhere(hurt, &arguments, CHANGES, edited, judge);
    assert!(first >= 12 && again >= 12, "{first} and {again} kills");
}

pub(crate) fn tag_config_dir() {
    // The folder is in the context's ignore file, as an older tag in it must be.
    let arguments = ["dev", "tag", "--config-dir", "k8s/config"];
    let make = || {
        let (bench, world) = (Bench::plain(), World::new());
        world.write("k8s/config/.dev-image-tag", "dev-aaaaaaaaaaaa\n");
        world.write("k8s/config/mine", "");
        (bench, world)
    };
    let judge = |bench: &Bench, world: &World, when: &str| {
        let (old, new) = ("dev-aaaaaaaaaaaa\n".to_owned(), format!("{}\n", world.clean()));
        let there = world.read("k8s/config/.dev-image-tag");
        assert!(there == old || there == new, "{when}: {there:?}");
        let names = || files(&world.path("k8s/config")).into_keys().count();
        assert_eq!(names(), 2, "{when}: something lies beside the tag");
        bench.ok(&world.root, &arguments);
        assert_eq!(world.read("k8s/config/.dev-image-tag"), new, "{when}");
        only_state(world, when);
    };
    let kills = everywhere(Hurt::Kill, &arguments, CHANGES, make, judge);
    assert!(kills >= 6, "{kills} kills");
}

/// The manifests before and after.
fn manifests(world: &World) -> Vec<(&'static str, String, String)> {
    let tag = world.clean();
    let rewritten = |text: &str| {
        let text = text.replace("connect:1.0", &format!("connect:{tag}"));
        text.replace("workbench:2.0", &format!("workbench:{tag}"))
    };
    MANIFESTS.iter().map(|(name, text)| (*name, (*text).to_owned(), rewritten(text))).collect()
}

const MANIFESTS: [(&str, &str); 3] = [
    (
        "k8s/app.yaml",
        "image: ghcr.io/posit-dev/connect:1.0 # one\r\n---\nimage: ghcr.io/posit-dev/workbench:2.0\n",
    ),
    ("k8s/deep/b.yaml", "- image: 'ghcr.io/posit-dev/workbench:2.0'\n"),
    ("k8s/c.json", "{\"image\": \"ghcr.io/posit-dev/connect:1.0\"}\n"),
];

fn rewriting(ignored: &str) -> (Bench, World) {
    let (bench, world) = (Bench::plain(), World::bare());
    world.write(".dockerignore", ignored);
    for (name, text) in MANIFESTS {
        world.write(name, text);
    }
    world.git(&["init", "-q"]);
    world.commit("one");
    world.mode("k8s/c.json", 0o640);
    bench.ok(&world.root, &["dev", "tag", "--lock"]);
    (bench, world)
}

pub(crate) fn rewrite() {
    // Where only the manifests themselves are no part of the context, what lies beside them would be one.
    let alone = "k8s/app.yaml\nk8s/deep/b.yaml\nk8s/c.json\n";
    for (hurt, ignored) in [(Hurt::Kill, "k8s\n"), (Hurt::Kill, alone), (Hurt::Full, alone)] {
        rewrite_with(hurt, ignored);
    }
}

fn rewrite_with(hurt: Hurt, ignored: &str) {
    let arguments = ["dev", "rewrite", "k8s/"];
    let judge = |bench: &Bench, world: &World, when: &str| {
        let before = files(&world.root);
        // bakery.yaml, .dockerignore, four Containerfiles, two files of the context.
        assert_eq!(before.len(), 8 + MANIFESTS.len(), "{when}: {before:?}");
        let mut changed = 0;
        for (name, old, new) in manifests(world) {
            let there = world.read(name);
            assert!(there == old || there == new, "{when}: {name}: {there:?}");
            assert_eq!(
                before[&world.path(name)],
                if name.ends_with("json") { 0o640 } else { 0o644 },
                "{when}"
            );
            changed += usize::from(there == new);
        }
        let locked = lock_of(world, when).unwrap();
        assert_eq!(bench.ok(&world.root, &["dev", "tag", "connect"]).trim_end(), world.clean(), "{when}");
        let mended = bench.mend(&world.root, when);
        let begun = !locked.rewriting.is_empty();
        assert_eq!(mended.contains(&"interrupted".to_owned()), begun, "{when}: {mended:?}");
        assert!(begun || changed == 0 || changed == MANIFESTS.len(), "{when}: {changed} without a word");
        bench.ok(&world.root, &arguments);
        for (name, _, new) in manifests(world) {
            assert_eq!(world.read(name), new, "{when}: {name}");
        }
        assert_eq!(files(&world.root), before, "{when}");
        only_state(world, when);
    };
    let hurts = everywhere(hurt, &arguments, CHANGES, || rewriting(ignored), judge);
    assert!(hurts >= 30, "{hurts} calls");
}

pub(crate) fn build() {
    // Tags and manifests are those of an older tree.
    let make = || {
        let (bench, world) = (Bench::with_store(), World::new());
        bench.ok(&world.root, &["dev", "tag", "--lock"]);
        bench.ok(&world.root, &["dev", "rewrite", "k8s"]);
        world.write("app/data", "2");
        (bench, world)
    };
    let arguments = ["dev", "build", "--store", "buildah"];
    let judge = |bench: &Bench, world: &World, when: &str| {
        let locked = lock_of(world, when);
        for (name, id) in bench.store().names() {
            let ours = ["localhost/bakery-dev-build:", "ghcr.io/posit-dev/"];
            let ours = ours.iter().any(|start| name.starts_with(start));
            assert!(ours, "{when}: {name} {id}");
        }
        let mended = bench.mend(&world.root, when);
        let building = locked.as_ref().is_some_and(|lock| {
            lock.images.values().any(|image| image.state == bakery_dev::lock::State::Building)
        });
        assert_eq!(mended.contains(&"interrupted".to_owned()), building, "{when}: {mended:?}");
        finished(bench, world, when);
    };
    let kills = everywhere(Hurt::Kill, &arguments, STEPS, make, judge);
    assert!(kills >= 15, "{kills} kills");
}

/// Builds what is missing, prunes, and looks at what is left.
#[track_caller]
pub(crate) fn finished(bench: &Bench, world: &World, when: &str) {
    let ids = bench.store().names();
    bench.ok(&world.root, &["dev", "build", "--store", "buildah"]);
    bench.ok(&world.root, &["dev", "prune", "--yes", "--store", "buildah"]);
    let names = bench.store().names();
    let images: Vec<&str> = names.keys().map(String::as_str).collect();
    let tags = bench.ok(&world.root, &["dev", "tag"]);
    let wanted: Vec<String> =
        tags.lines().map(|line| format!("ghcr.io/posit-dev/{}", line.replace(' ', ":"))).collect();
    assert_eq!(images, wanted, "{when}");
    for (name, id) in &names {
        assert!(ids.get(name).is_none_or(|before| before == id), "{when}: `{name}` named two images");
    }
    assert_eq!(bench.findings(&world.root), [], "{when}");
    only_state(world, when);
}

pub(crate) fn prune() {
    let arguments = ["dev", "prune", "--yes", "--store", "buildah"];
    let make = || {
        let (bench, world) = (Bench::with_store(), World::new());
        bench.ok(&world.root, &["dev", "build", "connect", "--store", "buildah"]);
        write(&world.root, "app/data", "2");
        bench.ok(&world.root, &["dev", "tag", "--lock"]);
        (bench, world)
    };
    let judge = |bench: &Bench, world: &World, when: &str| {
        assert!(bench.store().names().len() <= 1, "{when}");
        assert_eq!(bench.mend(&world.root, when), [""; 0], "{when}");
        bench.ok(&world.root, &arguments);
        assert_eq!(bench.store().names(), BTreeMap::new(), "{when}");
        only_state(world, when);
    };
    let kills = everywhere(Hurt::Kill, &arguments, CHANGES, make, judge);
    assert!(kills >= 1, "{kills} kills");
}
