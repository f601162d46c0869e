//! The loop this registry exists for: every single fault at every single request of a run, judged by the invariants.
//! The publisher here is a toy; the point is that the instruments work and have teeth.

use std::{collections::BTreeMap, time::Duration};

use bakery_fault_registry::{
    Action, FaultRegistry, Image, ImageBuilder, Snapshot, When,
    invariants::{TagName, early, incomplete, unintended},
    script::{Point, Script},
};

use crate::{
    publisher::{Order, TAGS, TARGET, publish},
    raw::spawn,
};

/// More requests than a run of the toy makes; a sweep that goes on so long has lost its way.
const MANY: u64 = 100;

fn image() -> Image {
    ImageBuilder::new("source").layers(1).build().unwrap()
}

fn registry() -> (FaultRegistry, Image) {
    let registry = spawn(Script::new());
    let image = image();
    registry.seed(&image).unwrap();
    (registry, image)
}

fn undisturbed() -> Snapshot {
    let (registry, image) = registry();
    publish(&registry, &image, Order::Right).unwrap();
    assert_eq!(registry.audit(), []);
    registry.snapshot()
}

/// All that the invariants have against the history of this registry.
fn violations(registry: &FaultRegistry, image: &Image) -> Vec<String> {
    let digest = image.index.clone().unwrap().digest;
    let intended: BTreeMap<TagName, String> =
        TAGS.map(|tag| (TagName::new(TARGET, tag), digest.clone())).into();
    let [immutable, floating] = TAGS.map(|tag| TagName::new(TARGET, tag));
    let history = registry.history();
    let mut found = incomplete(&history);
    found.extend(unintended(&history, &intended));
    found.extend(early(&history, &intended, &[immutable], &[floating]));
    found
}

/// Runs with the fault at request 1, 2, … until one run goes through untouched; says how many runs were hit.
fn sweep(action: &Action) -> u64 {
    let wanted = undisturbed();
    for number in 1..MANY {
        let (registry, image) = registry();
        registry.add_rule(When::any().nth(number).then(action.clone()).named("fault"));
        let first = publish(&registry, &image, Order::Right);
        let hit = registry.fired()["fault"] > 0;
        assert_eq!(violations(&registry, &image), [""; 0], "request {number}: {first:?}");
        if !hit {
            first.unwrap();
            return number - 1;
        }
        if first.is_err() {
            publish(&registry, &image, Order::Right).unwrap();
        }
        assert_eq!(registry.snapshot(), wanted, "request {number}");
        assert_eq!(violations(&registry, &image), [""; 0], "request {number}, second run");
    }
    panic!("no run of fewer than {MANY} requests was untouched");
}

#[test]
fn a_single_fault_at_each_request_leaves_a_state_that_a_second_run_completes() {
    // Two children (read, two mounts, push), then a look and a push for the digest and for each of two tags.
    let requests = 2 * 4 + 3 * 2;
    for action in
        [Action::status(503), Action::reset(), Action::reset_after(), Action::Close { point: Point::After }]
    {
        assert_eq!(sweep(&action), requests, "{action:?}");
    }
}

#[test]
fn a_fault_that_stays_leaves_the_tags_untouched_or_complete() {
    for number in 1..=14 {
        let (registry, image) = registry();
        registry.add_rule(When::any().sticky(number).then(Action::status(500)));
        for _ in 0..2 {
            assert!(publish(&registry, &image, Order::Right).is_err(), "request {number} never recovers");
        }
        assert_eq!(violations(&registry, &image), [""; 0], "request {number}");
        assert_eq!(registry.audit(), [], "request {number}");
    }
}

#[test]
fn a_client_that_is_stopped_at_each_request_leaves_a_state_that_a_second_run_completes() {
    let wanted = undisturbed();
    for number in 1..=14 {
        for (point, happens) in [(Point::Before, false), (Point::Before, true), (Point::After, true)] {
            let (registry, image) = registry();
            registry.add_rule(When::any().nth(number).then(Action::Pause { name: "kill".to_owned(), point }));
            std::thread::scope(|scope| {
                let client = scope.spawn(|| publish(&registry, &image, Order::Right));
                let paused = registry.wait_paused(Duration::from_secs(20)).unwrap();
                assert_eq!(paused.request, number);
                assert_eq!(if happens { registry.release() } else { registry.discard() }, 1);
                assert_eq!(client.join().unwrap().is_ok(), happens);
            });
            publish(&registry, &image, Order::Right).unwrap();
            assert_eq!(registry.snapshot(), wanted, "request {number}");
            assert_eq!(violations(&registry, &image), [""; 0], "request {number}");
        }
    }
}

#[test]
fn a_second_run_after_success_writes_no_tag_and_the_log_shows_it() {
    let (registry, image) = registry();
    publish(&registry, &image, Order::Right).unwrap();
    let mark = registry.log().mark();
    publish(&registry, &image, Order::Right).unwrap();
    assert!(!registry.log().since(mark).entries.iter().any(|entry| entry.applied));
}

#[test]
fn a_publisher_that_moves_the_floating_tag_first_is_caught() {
    let (registry, image) = registry();
    publish(&registry, &image, Order::FloatingFirst).unwrap();
    let found = violations(&registry, &image);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].ends_with("moved `team/app:latest` before team/app:1.0 was set"), "{found:?}");
}

#[test]
fn a_publisher_that_tags_what_is_not_there_is_caught_where_the_registry_does_not_look() {
    use bakery_fault_registry::{Profile, media, script::MissingChildren};
    let (registry, image) = registry();
    registry.set_profile(Profile { missing_children: MissingChildren::Accept, ..Profile::default() });
    let index = image.index.clone().unwrap();
    crate::raw::put(&registry, "/v2/team/app/manifests/1.0", media::OCI_INDEX, &index.bytes).unwrap();
    assert_eq!(violations(&registry, &image).len(), 2, "one for each absent child");
    assert_eq!(registry.audit().len(), 2);
}
