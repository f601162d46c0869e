//! Every single fault at every single request of a publish of two targets, and SIGKILL at every single request: tags
//! are untouched or complete, each failure is told once, and the same command then ends where an undisturbed run does.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bakery_fault_registry::{
    Action, Auth, Profile, Rule, Script, When,
    invariants::TagName,
    script::{Change, Mounts, Point},
};
use bakery_tests::publish::{Built, LOGIN, Scenario, State};

use crate::world::World;

/// More requests than the publish makes; a sweep that goes on so long has lost its way.
const MANY: u64 = 200;
/// Runs at the same time: more than the machine has cores, as a run waits most of its time.
const WORKERS: usize = 4;
/// Fewer requests than the publish makes; a sweep that ends so early has tried next to nothing.
const FEW: u64 = 30;

/// A publish whose requests are swept over, and what an undisturbed run leaves.
struct Subject {
    built: Built,
    profile: Profile,
    state: State,
    intended: BTreeMap<TagName, String>,
}

impl Subject {
    /// Two versions on one base layer, two platforms, six tags, in a registry that mounts.
    fn mounted() -> Self {
        Self::new(Profile::default())
    }

    /// The same in a registry that mounts nothing, so that every blob is sent.
    fn sent() -> Self {
        Self::new(Profile { mounts: Mounts::Refuse, ..Profile::default() })
    }

    fn new(profile: Profile) -> Self {
        let built = Scenario::new().versions(2).base_layers(1).build();
        let mut subject = Self { built, profile, state: State::default(), intended: BTreeMap::default() };
        let world = subject.world();
        world.published();
        subject.state = world.state();
        let tags = subject.state.tags.iter();
        subject.intended = tags.map(|(name, tagged)| (name.clone(), tagged.index.clone())).collect();
        subject
    }

    /// With tokens, so that the token server can fail, too.
    fn world(&self) -> World {
        let script = Script::new().auth(Auth::bearer(LOGIN.0, LOGIN.1)).profile(self.profile.clone());
        let world = World::of(&self.built, script);
        world.job.login(LOGIN.0, LOGIN.1);
        world
    }

    /// What must hold at any moment where these targets failed, and after the same command ran once more undisturbed.
    fn settle(&self, world: &World, failed: &[String], case: &str) {
        assert_eq!(world.violations_but_for(&self.intended, failed), [""; 0], "{case}");
        world.registry.clear_rules();
        let done = world.job.command().run();
        assert_eq!(done.code, 0, "{case}, second run: {}", done.stderr);
        assert_eq!(world.state(), self.state, "{case}");
        assert_eq!(world.violations_but_for(&self.intended, failed), [""; 0], "{case}, second run");
        assert_eq!(world.registry.audit(), [], "{case}");
    }
}

/// Calls `run` with 1, 2, … on some threads until one call says that its fault was not hit. Gives the number of calls
/// that were.
fn until_untouched(run: impl Fn(u64) -> bool + Sync) -> u64 {
    let (next, first_untouched) = (AtomicU64::new(1), AtomicU64::new(MANY));
    let hit = Mutex::new(0);
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= first_untouched.load(Ordering::SeqCst) {
                        return;
                    }
                    if run(number) {
                        *hit.lock().unwrap() += 1;
                    } else {
                        first_untouched.fetch_min(number, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    assert!(first_untouched.into_inner() < MANY, "no run of fewer than {MANY} requests was untouched");
    let hit = hit.into_inner().unwrap();
    assert!(hit > FEW, "only {hit} requests were hit");
    hit
}

fn fault(rule: Rule) -> Rule {
    rule.named("fault")
}

/// A fault that passes, at each request.
fn outlived(subject: &Subject, action: &Action) {
    until_untouched(|number| {
        let case = format!("{action:?} at request {number}");
        let world = subject.world();
        world.registry.add_rule(fault(When::any().nth(number).then(action.clone())));
        let done = world.publish();
        let hit = world.registry.fired()["fault"] > 0;
        assert_eq!(done.code, 0, "{case}: {}{:#?}", done.stderr, world.registry.log().lines());
        assert_eq!(world.each_failure_is_told_once(&done), [""; 0], "{case}");
        assert_eq!(world.state(), subject.state, "{case}");
        subject.settle(&world, &[], &case);
        hit
    });
}

/// A fault that stays with whatever it hit first, at each request.
fn survived(subject: &Subject, action: &Action) {
    let failures = AtomicU64::new(0);
    until_untouched(|number| {
        let case = format!("{action:?} from request {number} on");
        let world = subject.world();
        world.registry.add_rule(fault(When::any().sticky(number).then(action.clone())));
        let done = world.job.command().args(["--retry-attempts", "2"]).run();
        let hit = world.registry.fired()["fault"] > 0;
        let failed = world.each_failure_is_told_once(&done);
        assert_eq!(done.code == 0, failed.is_empty(), "{case}: exit {}: {}", done.code, done.stderr);
        if failed.is_empty() {
            assert_eq!(world.state(), subject.state, "{case}");
        } else {
            failures.fetch_add(1, Ordering::SeqCst);
        }
        subject.settle(&world, &failed, &case);
        hit
    });
    assert!(failures.into_inner() > FEW / 2, "hardly a fault that stayed was felt");
}

#[test]
fn a_503_at_each_request_is_outlived() {
    outlived(&Subject::mounted(), &Action::status(503));
}

#[test]
fn a_reset_before_the_effect_of_each_request_is_outlived() {
    outlived(&Subject::mounted(), &Action::reset());
}

#[test]
fn a_lost_acknowledgement_of_each_request_is_outlived() {
    outlived(&Subject::mounted(), &Action::reset_after());
}

#[test]
fn an_answer_that_breaks_off_is_outlived() {
    outlived(&Subject::mounted(), &Action::cut_body(20));
}

#[test]
fn tokens_that_stop_being_valid_at_each_request_are_outlived() {
    outlived(&Subject::mounted(), &Action::Change(Change::RevokeTokens));
}

#[test]
fn a_503_at_each_request_of_uploads_is_outlived() {
    outlived(&Subject::sent(), &Action::status(503));
}

#[test]
fn a_lost_acknowledgement_of_each_request_of_uploads_is_outlived() {
    outlived(&Subject::sent(), &Action::reset_after());
}

#[test]
fn a_request_that_breaks_off_in_its_body_is_outlived() {
    outlived(&Subject::sent(), &Action::CutRequest { at: 10, keep: true });
}

#[test]
fn uploads_that_are_forgotten_at_each_request_are_outlived() {
    outlived(&Subject::sent(), &Action::Change(Change::ForgetUploads));
}

#[test]
fn a_500_that_stays_leaves_tags_untouched_or_complete_and_is_told_once() {
    survived(&Subject::mounted(), &Action::status(500));
}

#[test]
fn a_reset_that_stays_leaves_tags_untouched_or_complete_and_is_told_once() {
    survived(&Subject::sent(), &Action::reset());
}

#[test]
fn a_refusal_that_stays_leaves_tags_untouched_or_complete_and_is_told_once() {
    survived(&Subject::mounted(), &Action::status(405));
}

/// SIGKILL while request `number` is held, for each number; the request happens all the same, or never.
fn killed(subject: &Subject, point: Point, happens: bool) {
    until_untouched(|number| {
        let case = format!("SIGKILL at request {number}, held {point:?}, which then happens: {happens}");
        let world = subject.world();
        let hold = Action::Pause { name: "kill".to_owned(), point };
        world.registry.add_rule(fault(When::any().nth(number).then(hold)));
        let mut running = world.job.command().start();
        let held = loop {
            if world.registry.wait_paused(Duration::from_millis(20)).is_some() {
                break true;
            }
            if running.has_ended() {
                break false;
            }
        };
        if held {
            running.signal("KILL");
            assert_eq!(running.finish().code, 137, "{case}");
            let ended = if happens { world.registry.release() } else { world.registry.discard() };
            assert_eq!(ended, 1, "{case}");
        } else {
            let done = running.finish();
            assert_eq!(done.code, 0, "{case}: {}", done.stderr);
        }
        subject.settle(&world, &[], &case);
        held
    });
}

#[test]
fn killed_before_each_request_happened_the_same_command_completes_it() {
    killed(&Subject::mounted(), Point::Before, false);
}

#[test]
fn killed_while_each_request_goes_on_the_same_command_completes_it() {
    killed(&Subject::mounted(), Point::Before, true);
}

#[test]
fn killed_before_each_answer_arrived_the_same_command_completes_it() {
    killed(&Subject::mounted(), Point::After, true);
}

#[test]
fn killed_in_each_upload_the_same_command_completes_it() {
    killed(&Subject::sent(), Point::After, true);
}
