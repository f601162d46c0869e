//! Every single fault at every single request of a publish: what passes by itself changes nothing, what stays is one
//! sentence, and no tag moves before its index is complete.

use std::{collections::BTreeMap, time::Duration};

use bakery_core::port::{Failure, FailureKind};
use bakery_fault_registry::{
    Action, Answer, FaultRegistry, Image, ImageBuilder, Profile, Script, Snapshot, When,
    invariants::{TagName, incomplete, unintended},
    script::{Mounts, Point, RetryAfter},
};

use crate::{
    house::{Run, Setting, repository, seed, sources, spawn, two_platforms},
    publish::{Outcome, publish},
};

/// More requests than any of these runs makes; a sweep that goes on so long has lost its way.
const MANY: u64 = 200;
const TAGS: [&str; 2] = ["1.0", "latest"];

/// A way to publish.
#[derive(Clone)]
struct Course {
    script: Script,
    image: ImageBuilder,
    /// Whether the sources lie in another registry.
    across: bool,
    /// Whether it is that one that has the faults.
    at_source: bool,
}

impl Course {
    fn mounting() -> Self {
        Self { script: Script::new(), image: two_platforms().layers(1), across: false, at_source: false }
    }

    fn sending() -> Self {
        let profile = Profile { mounts: Mounts::Refuse, ..Profile::default() };
        let image = two_platforms().platforms(&["linux/amd64"]).layers(1).layer_bytes(70_000);
        Self { script: Script::new().profile(profile), image, across: false, at_source: false }
    }

    fn across() -> Self {
        Self { across: true, ..Self::sending() }
    }

    fn from_a_faulty_source() -> Self {
        Self { at_source: true, ..Self::across() }
    }

    fn start(&self) -> Scene {
        let source = self.across.then(|| spawn(Script::new()));
        let destination = spawn(self.script.clone());
        let image = seed(source.as_ref().unwrap_or(&destination), &self.image);
        Scene { source, destination, image, at_source: self.at_source }
    }
}

/// Registries in which something is published.
struct Scene {
    source: Option<FaultRegistry>,
    destination: FaultRegistry,
    image: Image,
    at_source: bool,
}

impl Scene {
    fn faulty(&self) -> &FaultRegistry {
        if self.at_source { self.from() } else { &self.destination }
    }

    fn from(&self) -> &FaultRegistry {
        self.source.as_ref().unwrap_or(&self.destination)
    }

    async fn publish(&self) -> Result<Outcome, Failure> {
        let setting = Setting::default();
        let run = Run::with(&[self.from(), &self.destination], setting);
        let from = repository(self.from(), "team/tmp");
        let to = repository(&self.destination, "team/app");
        let mut target = run.target(&from, &to, &TAGS);
        target.caller.window = Duration::from_millis(60);
        publish(&target, &sources(self.from(), &self.image), &to, &TAGS).await
    }

    fn violations(&self, outcome: Option<&Outcome>) -> Vec<String> {
        let history = self.destination.history();
        let mut found = incomplete(&history);
        // Where no run got through, any tag would be one too many.
        let intended: BTreeMap<TagName, String> = outcome
            .map(|outcome| TAGS.map(|tag| (TagName::new("team/app", tag), outcome.index.to_string())).into())
            .unwrap_or_default();
        // A tag that is put again after a lost answer is not moved.
        found.extend(
            unintended(&history, &intended).into_iter().filter(|text| !text.contains("a second time")),
        );
        found.extend(self.destination.audit().into_iter().map(|problem| format!("{problem:?}")));
        found
    }
}

async fn undisturbed(course: &Course) -> (Snapshot, Outcome) {
    let scene = course.start();
    let outcome = scene.publish().await.unwrap();
    assert_eq!(scene.violations(Some(&outcome)), [""; 0]);
    (scene.destination.snapshot(), outcome)
}

/// Runs with the fault at request 1, 2, … until one run goes through untouched; says how many runs were hit.
async fn passing(course: &Course, action: &Action) -> u64 {
    let (wanted, _) = undisturbed(course).await;
    for number in 1..MANY {
        let scene = course.start();
        let rule = When::any().nth(number).then(action.clone()).named("fault");
        scene.faulty().add_rule(rule);
        let outcome = scene.publish().await;
        let hit = scene.faulty().fired()["fault"] > 0;
        let outcome = outcome.unwrap_or_else(|failure| {
            panic!("request {number}, {action:?}: {failure}\n{:#?}", scene.faulty().log().lines())
        });
        assert_eq!(scene.destination.snapshot(), wanted, "request {number}, {action:?}");
        assert_eq!(scene.violations(Some(&outcome)), [""; 0], "request {number}, {action:?}");
        if !hit {
            return number - 1;
        }
    }
    panic!("no run of fewer than {MANY} requests was untouched");
}

#[tokio::test]
async fn a_fault_that_passes_changes_nothing_wherever_it_strikes() {
    let courses = [
        (Course::mounting(), 13),
        (Course::sending(), 13),
        (Course::across(), 10),
        (Course::from_a_faulty_source(), 3),
    ];
    for (course, requests) in courses {
        for action in [
            Action::status(503),
            Action::reset(),
            Action::reset_after(),
            Action::Close { point: Point::Before },
            Action::Close { point: Point::After },
            Action::answer_after(Answer::status(500)),
            Action::answer(Answer::too_many(RetryAfter::Seconds(0))),
            Action::answer(Answer::secondary_rate_limit().retry_after(RetryAfter::Seconds(0))),
            Action::Disconnect { announced: false },
            Action::WrongDigestHeader,
            Action::Delay { ms: 20 },
        ] {
            let hit = passing(&course, &action).await;
            assert!(hit >= requests, "{hit} requests, {action:?}");
        }
    }
}

/// Requests 1, 2, … fail, and so do all later ones like them: one sentence each, tags untouched or complete, and a
/// second run without the fault finishes the job.
async fn staying(course: &Course, action: &Action, kinds: &[FailureKind]) {
    let (wanted, complete) = undisturbed(course).await;
    for number in 1..MANY {
        let scene = course.start();
        let rule = When::any().sticky(number).then(action.clone()).named("fault");
        scene.faulty().add_rule(rule);
        let outcome = scene.publish().await;
        let hit = scene.faulty().fired()["fault"] > 0;
        let context = format!("request {number}, {action:?}");
        assert_eq!(scene.violations(Some(&complete)), [""; 0], "{context}");
        match outcome {
            Ok(_) if !hit => return,
            // Some requests are dispensable: a mount can be replaced by sending.
            Ok(_) => {}
            Err(failure) => {
                assert!(kinds.contains(&failure.kind), "{context}: {:?} {failure}", failure.kind);
                assert!(
                    !failure.message.contains('\n') && failure.message.len() < 1000,
                    "{context}: {failure}"
                );
                scene.faulty().clear_rules();
                scene.publish().await.unwrap_or_else(|failure| panic!("{context}, second run: {failure}"));
            }
        }
        assert_eq!(scene.destination.snapshot(), wanted, "{context}");
        assert_eq!(scene.violations(Some(&complete)), [""; 0], "{context}");
    }
    panic!("no run of fewer than {MANY} requests was untouched");
}

#[tokio::test]
async fn a_fault_that_stays_is_told_and_leaves_tags_untouched_or_complete() {
    for course in [Course::mounting(), Course::sending(), Course::from_a_faulty_source()] {
        for (action, kinds) in [
            (Action::status(403), [FailureKind::Denied, FailureKind::Denied]),
            (Action::status(500), [FailureKind::Unavailable, FailureKind::Unavailable]),
            (Action::reset(), [FailureKind::Unavailable, FailureKind::Unavailable]),
            (Action::status(404), [FailureKind::NotFound, FailureKind::Conflict]),
            (Action::status(400), [FailureKind::InvalidInput, FailureKind::InvalidInput]),
        ] {
            staying(&course, &action, &kinds).await;
        }
    }
}
