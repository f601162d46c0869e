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
    Action, Auth, Rule, Script, When,
    invariants::TagName,
    script::{Point, Scheme},
};
use bakery_tests::publish::{Built, LOGIN, Scenario, State};

use crate::world::World;

/// More requests than the publish makes; a sweep that goes on so long has lost its way.
const MANY: u64 = 200;
/// Runs at the same time: more than the machine has cores, as a run waits most of its time.
const WORKERS: usize = 4;

/// Two versions on one base layer, two platforms, six tags.
fn built() -> Built {
    Scenario::new().versions(2).base_layers(1).build()
}

/// What an undisturbed run leaves.
struct Wanted {
    built: Built,
    state: State,
    intended: BTreeMap<TagName, String>,
}

impl Wanted {
    fn new() -> Self {
        let built = built();
        let world = guarded(&built);
        world.published();
        let state = world.state();
        let intended = state.tags.iter().map(|(name, tagged)| (name.clone(), tagged.index.clone())).collect();
        Self { built, state, intended }
    }
}

/// With tokens, so that the token server can fail, too.
fn guarded(built: &Built) -> World {
    let auth = Auth::bearer(LOGIN.0, LOGIN.1);
    assert_eq!(auth.scheme, Scheme::Bearer);
    let world = World::of(built, Script::new().auth(auth));
    world.job.login(LOGIN.0, LOGIN.1);
    world
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
    hit.into_inner().unwrap()
}

/// What must hold at any moment, and after the same command ran once more without faults.
fn settle(world: &World, wanted: &Wanted, case: &str) {
    assert_eq!(world.violations(&wanted.intended), [""; 0], "{case}");
    world.registry.clear_rules();
    let done = world.job.command().run();
    assert_eq!(done.code, 0, "{case}, second run: {}", done.stderr);
    assert_eq!(world.state(), wanted.state, "{case}");
    assert_eq!(world.violations(&wanted.intended), [""; 0], "{case}, second run");
    assert_eq!(world.registry.audit(), [], "{case}");
}

fn fault(rule: Rule) -> Rule {
    rule.named("fault")
}

/// A fault that passes, at each request.
fn passing(action: &Action) -> u64 {
    let wanted = Wanted::new();
    until_untouched(|number| {
        let case = format!("{action:?} at request {number}");
        let world = guarded(&wanted.built);
        world.registry.add_rule(fault(When::any().nth(number).then(action.clone())));
        let done = world.publish();
        let hit = world.registry.fired()["fault"] > 0;
        assert_eq!(done.code, 0, "{case}: {}{:#?}", done.stderr, world.registry.log().lines());
        assert_eq!(world.each_failure_is_told_once(&done), 0, "{case}");
        assert_eq!(world.state(), wanted.state, "{case}");
        settle(&world, &wanted, &case);
        hit
    })
}

/// A fault that stays with whatever it hit first, at each request.
fn lasting(action: &Action) -> u64 {
    let wanted = Wanted::new();
    until_untouched(|number| {
        let case = format!("{action:?} from request {number} on");
        let world = guarded(&wanted.built);
        world.registry.add_rule(fault(When::any().sticky(number).then(action.clone())));
        let done = world.job.command().args(["--retry-attempts", "2"]).run();
        let hit = world.registry.fired()["fault"] > 0;
        let failed = world.each_failure_is_told_once(&done);
        assert_eq!(done.code == 0, failed == 0, "{case}: exit {}: {}", done.code, done.stderr);
        if failed == 0 {
            assert_eq!(world.state(), wanted.state, "{case}");
        }
        settle(&world, &wanted, &case);
        hit
    })
}

#[test]
fn a_503_at_each_request_is_outlived() {
    assert!(passing(&Action::status(503)) > 30);
}

#[test]
fn a_reset_before_the_effect_of_each_request_is_outlived() {
    assert!(passing(&Action::reset()) > 30);
}

#[test]
fn a_lost_acknowledgement_of_each_request_is_outlived() {
    assert!(passing(&Action::reset_after()) > 30);
}

#[test]
fn a_500_that_stays_leaves_tags_untouched_or_complete_and_is_told_once() {
    assert!(lasting(&Action::status(500)) > 30);
}

#[test]
fn a_refusal_that_stays_leaves_tags_untouched_or_complete_and_is_told_once() {
    assert!(lasting(&Action::status(405)) > 30);
}

/// SIGKILL while request `number` is held, for each number; the request happens all the same, or never.
fn killed(point: Point, happens: bool) -> u64 {
    let wanted = Wanted::new();
    until_untouched(|number| {
        let case = format!("SIGKILL at request {number}, held {point:?}, which then happens: {happens}");
        let world = guarded(&wanted.built);
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
            assert_eq!(
                if happens { world.registry.release() } else { world.registry.discard() },
                1,
                "{case}"
            );
        } else {
            let done = running.finish();
            assert_eq!(done.code, 0, "{case}: {}", done.stderr);
        }
        settle(&world, &wanted, &case);
        held
    })
}

#[test]
fn killed_before_each_request_happened_the_same_command_completes_it() {
    assert!(killed(Point::Before, false) > 30);
}

#[test]
fn killed_while_each_request_goes_on_the_same_command_completes_it() {
    assert!(killed(Point::Before, true) > 30);
}

#[test]
fn killed_before_each_answer_arrived_the_same_command_completes_it() {
    assert!(killed(Point::After, true) > 30);
}
