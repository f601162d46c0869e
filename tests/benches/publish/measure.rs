//! One measured run of the program, and the peak memory of a run. Judges nothing.

use std::{
    ffi::OsStr,
    process::{Command, Stdio},
    time::Duration,
};

use bakery_fault_registry::{Auth, FaultRegistry, Log, Operation, Script};
use bakery_tests::{
    artefact_folder,
    publish::{Built, Job, LOGIN, state},
};

/// What a request to a registry takes at least, far away.
pub(crate) const LATENCY: Duration = Duration::from_millis(50);

/// A registry with latency and tokens, what was built in it, and the job that publishes it.
pub(crate) struct Stage {
    pub(crate) registry: FaultRegistry,
    pub(crate) job: Job,
    built: Built,
}

/// What a run took.
pub(crate) struct Measured {
    /// From the start of the process to its end.
    pub(crate) elapsed: Duration,
    /// From the start of the process to the arrival of the first request.
    pub(crate) first: Duration,
    /// The requests.
    pub(crate) log: Log,
}

impl Measured {
    pub(crate) fn requests(&self) -> usize {
        self.log.len()
    }

    /// From the arrival of the first request to the end of the last answer.
    pub(crate) fn wire(&self) -> Duration {
        let begun = self.log.entries.first().map_or(Duration::ZERO, |entry| entry.started);
        let ended = self.log.entries.iter().filter_map(|entry| entry.ended).max().unwrap_or_default();
        ended.saturating_sub(begun)
    }

    /// From the first request that moves a tag to the end of the last one.
    pub(crate) fn tagging(&self) -> Duration {
        let pushes = self.log.of(Operation::PutManifest);
        let moves =
            pushes.only(|entry| !entry.path.contains("/manifests/sha256:") || entry.query.contains("tag="));
        Self { log: moves, ..*self }.wire()
    }

    /// The most requests that were open at one time.
    pub(crate) fn at_once(&self) -> u64 {
        self.log.counters().most_at_once
    }
}

impl Stage {
    pub(crate) fn new(built: &Built, script: Script) -> Self {
        let registry = FaultRegistry::spawn(script.auth(Auth::bearer(LOGIN.0, LOGIN.1)))
            .expect("loopback has free ports");
        built.seed(&registry);
        let job = Job::new(built, registry.host());
        job.login(LOGIN.0, LOGIN.1);
        Self { registry, job, built: built.clone() }
    }

    /// With the latency of a far registry.
    pub(crate) fn far(built: &Built) -> Self {
        Self::new(built, far())
    }

    /// Publishes, and checks that it did: figures of a run that failed are worth nothing.
    pub(crate) fn publish(&self, arguments: &[&str]) -> Measured {
        self.publish_with(arguments, &[])
    }

    /// The same with variables.
    pub(crate) fn publish_with(&self, arguments: &[&str], variables: &[(&str, &OsStr)]) -> Measured {
        let mark = self.registry.log().mark();
        let begun = self.registry.now();
        let command = self.job.command().args(arguments).arg("--wait-timeout", "1m");
        let done = variables.iter().fold(command, |command, (name, value)| command.env(name, value)).run();
        assert_eq!(done.code, 0, "{}", done.stderr);
        let left = state(&self.registry, &self.built.destinations()).expect("all is in place");
        assert_eq!(left.problems(&self.built), [""; 0]);
        let log = self.registry.log().since(mark);
        let first = log.entries.first().map_or(Duration::ZERO, |entry| entry.started.saturating_sub(begun));
        Measured { elapsed: done.elapsed, first, log }
    }

    /// The peak memory of one more cold publish of the same to a registry of its own, in bytes.
    pub(crate) fn peak(built: &Built) -> u64 {
        let stage = Self::far(built);
        let own = std::env::current_exe().expect("a running program has a path");
        let folder = stage.job.path();
        let output = Command::new(own)
            .arg("--one")
            .arg(artefact_folder().join("bakery"))
            .args(["ci", "publish", "-q", "--jobs", "8", "--temp-registry"])
            .arg(format!("{}/tmp", stage.registry.host()))
            .args(stage.job.files())
            .env("DOCKER_CONFIG", folder.join("docker"))
            .current_dir(folder)
            .stderr(Stdio::inherit())
            .output()
            .expect("this program can start itself");
        String::from_utf8_lossy(&output.stdout).trim().parse().unwrap_or(0)
    }
}

/// The script of a registry that is far away.
pub(crate) fn far() -> Script {
    Script::new().latency_ms(u64::try_from(LATENCY.as_millis()).unwrap_or(u64::MAX))
}

/// Runs one command and prints its peak memory, in bytes. A process of its own, so that nothing else is counted.
pub(crate) fn one(command: &[String]) {
    let status =
        Command::new(&command[0]).args(&command[1..]).stdin(Stdio::null()).stdout(Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()), "{command:?} failed");
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_CHILDREN);
    // Linux counts in KiB.
    println!("{}", usage.map_or(0, |usage| usage.max_rss() * 1024));
}

/// The middle one.
pub(crate) fn median<T: Ord + Copy>(mut all: Vec<T>) -> T {
    all.sort_unstable();
    all[all.len() / 2]
}
