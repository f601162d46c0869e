//! `kill -9` while bakery waits for a command of the image store: before it, and when it is done. The script in
//! buildah's place stops at its n-th call and says so; the test kills bakery by its id and lets go.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use bakery_tests::Running;

use crate::{
    bench::{Bench, script},
    kill::finished,
    world::World,
};

/// How long a call may take to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where a run stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Before the call of this number.
    Before(usize),
    /// When the call of this number is done, before bakery hears of it.
    After(usize),
    /// Nowhere.
    Never,
}

/// A `buildah` that stops.
pub(crate) struct Stopping<'a> {
    bench: &'a Bench,
}

impl<'a> Stopping<'a> {
    /// Counts from here, and stops there.
    pub(crate) fn new(bench: &'a Bench, stop: Stop) -> Self {
        let stopping = Self { bench };
        let _ = fs::remove_dir_all(stopping.file(""));
        fs::create_dir(stopping.file("")).unwrap();
        let (before, after) = match stop {
            Stop::Before(call) => (call, 0),
            Stop::After(call) => (0, call),
            Stop::Never => (0, 0),
        };
        let (folder, real) = (stopping.file(""), bench.buildah());
        let text = format!(
            "#!/bin/sh\n\
             cd {} || exit\n\
             echo \"$1\" >>calls\n\
             count=$(wc -l <calls)\n\
             stop() {{ echo $PPID >stops; mv stops stopped; while [ ! -e go ]; do sleep 0.02; done; }}\n\
             [ $count -eq {before} ] && stop\n\
             {} \"$@\"; code=$?\n\
             [ $count -eq {after} ] && stop\n\
             exit $code\n",
            folder.display(),
            real.display(),
        );
        script(&bench.programs(), "buildah", &text);
        stopping
    }

    fn file(&self, name: &str) -> PathBuf {
        self.bench.path("calls").join(name)
    }

    /// What was called so far, by its first word.
    pub(crate) fn calls(&self) -> Vec<String> {
        fs::read_to_string(self.file("calls")).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// Waits until it stands still, or until bakery has ended; says which.
    #[track_caller]
    pub(crate) fn stands(&self, bakery: &mut Running) -> bool {
        let began = Instant::now();
        while !self.file("stopped").exists() {
            if bakery.has_ended() {
                return false;
            }
            assert!(began.elapsed() < PATIENCE, "neither stopped nor ended: {}", bakery.stderr());
            std::thread::sleep(Duration::from_millis(5));
        }
        true
    }

    /// Lets go.
    pub(crate) fn go(&self) {
        fs::write(self.file("go"), "").unwrap();
    }

    /// The supervisor of the call at which it stands.
    fn supervisor(&self) -> PathBuf {
        Path::new("/proc").join(fs::read_to_string(self.file("stopped")).unwrap().trim())
    }
}

/// Kills a command there.
#[track_caller]
fn kill_at(bench: &Bench, folder: &Path, arguments: &[&str], stop: Stop) {
    let when = format!("{arguments:?} killed {stop:?}");
    let stopping = Stopping::new(bench, stop);
    let mut bakery = bench.program(folder, arguments).start();
    assert!(stopping.stands(&mut bakery), "{when}: {:?}: {}", stopping.calls(), bakery.stderr());
    let supervisor = stopping.supervisor();
    assert!(lives(&supervisor), "{when}: nobody watches");
    bakery.signal("KILL");
    assert_eq!(bakery.finish().code, 128 + 9, "{when}");
    stopping.go();
    bench.await_quiet(&when);
    let began = Instant::now();
    while lives(&supervisor) {
        assert!(began.elapsed() < PATIENCE, "{when}: the supervisor is still there");
        std::thread::sleep(Duration::from_millis(5));
    }
    bench.restore_buildah();
}

/// Whether a process runs: one that has ended can be seen until its parent asks for it.
fn lives(process: &Path) -> bool {
    let stat = fs::read_to_string(process.join("stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

/// Runs a command to its end; gives its calls.
pub(crate) fn calls_of(bench: &Bench, folder: &Path, arguments: &[&str]) -> Vec<String> {
    let stopping = Stopping::new(bench, Stop::Never);
    bench.ok(folder, arguments);
    bench.restore_buildah();
    stopping.calls()
}

/// Every call, and the end of every one that changes something.
pub(crate) fn stops(calls: &[String]) -> Vec<Stop> {
    let changes = |call: &str| matches!(call, "build" | "tag" | "rmi");
    (1..=calls.len())
        .flat_map(|at| {
            let after = changes(&calls[at - 1]).then_some(Stop::After(at));
            std::iter::once(Stop::Before(at)).chain(after)
        })
        .collect()
}

pub(crate) const BUILD: [&str; 5] = ["dev", "build", "connect", "--store", "buildah"];
const FORCE: [&str; 7] = ["dev", "build", "connect", "--force", "connect", "--store", "buildah"];

/// `connect` has two names.
pub(crate) fn world() -> World {
    let world = World::bare();
    let yaml = world.read("bakery.yaml").replace(
        "registries: [{host: ghcr.io, namespace: posit-dev}]",
        "registries: [{host: ghcr.io, namespace: posit-dev}, {host: docker.io, namespace: posit}]",
    );
    world.write("bakery.yaml", yaml);
    world.git(&["init", "-q"]);
    world.commit("one");
    world
}

pub(crate) fn build() {
    let (bench, first) = (Bench::with_store(), world());
    let calls = calls_of(&bench, &first.root, &BUILD);
    assert_eq!(calls.iter().filter(|call| *call == "tag").count(), 2, "{calls:?}");
    for stop in stops(&calls) {
        let (bench, world) = (Bench::with_store(), world());
        kill_at(&bench, &world.root, &BUILD, stop);
        judge(&bench, &world, &format!("a build killed {stop:?} of {calls:?}"));
    }
}

/// A name that was taken, and another one that was not yet.
pub(crate) fn force() {
    let (bench, world) = (Bench::with_store(), world());
    bench.ok(&world.root, &BUILD);
    let calls = calls_of(&bench, &world.root, &FORCE);
    let built = calls.iter().position(|call| call == "build").unwrap() + 1;
    for stop in stops(&calls).into_iter().filter(|stop| match stop {
        Stop::Before(at) | Stop::After(at) => *at > built && *at <= calls.len(),
        Stop::Never => false,
    }) {
        kill_at(&bench, &world.root, &FORCE, stop);
        judge(&bench, &world, &format!("a forced build killed {stop:?} of {calls:?}"));
    }
}

/// What `dev check` says mends it, and each image has one id under all its names.
#[track_caller]
pub(crate) fn judge(bench: &Bench, world: &World, when: &str) {
    bench.mend(&world.root, when);
    bench.ok(&world.root, &["dev", "build", "connect", "--store", "buildah"]);
    bench.ok(&world.root, &["dev", "prune", "--yes", "--store", "buildah"]);
    let names = bench.store().names();
    let tag = world.clean();
    let [one, other] = [format!("docker.io/posit/connect:{tag}"), format!("ghcr.io/posit-dev/connect:{tag}")];
    assert_eq!(names.keys().collect::<Vec<_>>(), [&one, &other], "{when}");
    assert_eq!(names[&one], names[&other], "{when}");
    assert_eq!(bench.findings(&world.root), [], "{when}");
}

pub(crate) fn prune() {
    let arguments = ["dev", "prune", "--yes", "--store", "buildah"];
    let make = || {
        let (bench, world) = (Bench::with_store(), World::new());
        bench.ok(&world.root, &["dev", "build", "--store", "buildah"]);
        world.write("app/data", "2");
        bench.ok(&world.root, &["dev", "build", "--store", "buildah"]);
        // A third state, which is what stays.
        world.write("app/data", "1");
        bench.ok(&world.root, &["dev", "build", "--store", "buildah"]);
        (bench, world)
    };
    let (bench, first) = make();
    let calls = calls_of(&bench, &first.root, &arguments);
    assert_eq!(calls.iter().filter(|call| *call == "rmi").count(), 2, "{calls:?}");
    let first = calls.iter().position(|call| call == "rmi").unwrap() + 1;
    for stop in stops(&calls).into_iter().filter(|stop| match stop {
        Stop::Before(at) | Stop::After(at) => *at >= first,
        Stop::Never => false,
    }) {
        let (bench, world) = make();
        let when = format!("prune killed {stop:?} of {calls:?}");
        kill_at(&bench, &world.root, &arguments, stop);
        assert_eq!(bench.mend(&world.root, &when), [""; 0], "{when}");
        finished(&bench, &world, &when);
    }
}
