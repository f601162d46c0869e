//! A registry, what was built, and the job that publishes it: what every test here begins with. And what must hold of
//! every history, whatever happened.

use std::collections::BTreeMap;

use bakery_fault_registry::{
    FaultRegistry, Script,
    invariants::{TagName, early, incomplete, unintended},
};
use bakery_tests::{
    Finished,
    publish::{Built, Job, Scenario, State, state},
};

/// Everything that one test needs.
pub(crate) struct World {
    pub(crate) registry: FaultRegistry,
    pub(crate) built: Built,
    pub(crate) job: Job,
}

impl World {
    pub(crate) fn new(scenario: Scenario, script: Script) -> Self {
        Self::of(&scenario.build(), script)
    }

    pub(crate) fn of(built: &Built, script: Script) -> Self {
        let registry = FaultRegistry::spawn(script).unwrap();
        built.seed(&registry);
        let job = Job::new(built, registry.host());
        Self { registry, built: built.clone(), job }
    }

    /// Runs the job to its end.
    pub(crate) fn publish(&self) -> Finished {
        self.job.command().run()
    }

    /// Runs the job, which must succeed.
    pub(crate) fn published(&self) -> Finished {
        let done = self.publish();
        assert_eq!(done.code, 0, "{}{:#?}", done.stderr, self.registry.log().lines());
        assert_eq!(self.state().problems(&self.built), [""; 0]);
        done
    }

    /// What the tags of the destinations lead to. Panics where something below a tag is absent or wrong.
    pub(crate) fn state(&self) -> State {
        state(&self.registry, &self.built.destinations()).unwrap()
    }

    /// Which digest each tag must get, as an undisturbed run has it.
    pub(crate) fn intended(&self) -> BTreeMap<TagName, String> {
        let other = Self::of(&self.built, Script::new());
        other.published();
        other.state().tags.into_iter().map(|(name, tagged)| (name, tagged.index)).collect()
    }

    /// What the history of the registry has against the run: tags that led to something incomplete, went where nobody
    /// wanted them, or moved before others that must come first.
    pub(crate) fn violations(&self, intended: &BTreeMap<TagName, String>) -> Vec<String> {
        let history = self.registry.history();
        let mut found = incomplete(&history);
        found.extend(unintended(&history, intended));
        for repository in self.built.destinations() {
            let (immutable, floating) = self.built.classes(&repository);
            found.extend(early(&history, intended, &immutable, &floating));
        }
        found
    }

    /// The requests that ask for a change, since an entry of the log.
    pub(crate) fn writes_since(&self, mark: u64) -> Vec<String> {
        self.registry.log().since(mark).only(|entry| entry.operation.writes()).lines()
    }

    /// Checks that standard error has one error for each target that the result calls failed, and no other.
    pub(crate) fn each_failure_is_told_once(&self, done: &Finished) -> usize {
        let result = self.job.result().unwrap_or_else(|| panic!("no result: {}", done.stderr));
        let targets = result["targets"].as_array().unwrap();
        let failed: Vec<&str> = targets
            .iter()
            .filter(|target| target["status"] == "failed")
            .map(|target| target["uid"].as_str().unwrap())
            .collect();
        let errors: Vec<&str> = done.stderr.lines().filter(|line| line.starts_with("error")).collect();
        assert_eq!(errors.len(), failed.len(), "{failed:?}: {}", done.stderr);
        for uid in &failed {
            let told = errors.iter().filter(|line| line.contains(&format!("[{uid}]"))).count();
            assert_eq!(told, 1, "{uid}: {}", done.stderr);
        }
        failed.len()
    }
}
