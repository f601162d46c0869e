//! Connections that are reset, closed or left silent.

use std::time::Duration;

use bakery_fault_registry::{
    Action, FaultRegistry, ImageBuilder, Outcome, Script, When, media, script::Point,
};

use crate::raw::{End, Raw, ask, get, put, spawn};

const TAG: &str = "/v2/app/manifests/1.0";

fn with(action: Action) -> FaultRegistry {
    let rule = When::any().nth(1).then(action);
    spawn(Script::new().image(ImageBuilder::new("app").tag("1.0").layers(1)).rule(rule))
}

/// Pushes a tag under the fault: how it ended for the client, and whether it happened.
fn push(action: Action) -> (End, bool, Outcome) {
    let registry = with(action);
    let index = ImageBuilder::new("app").layers(1).build().unwrap().index.unwrap();
    let end = put(&registry, "/v2/app/manifests/2.0", media::OCI_INDEX, &index.bytes).unwrap_err();
    (end, registry.tags("app").contains_key("2.0"), registry.log().entries[0].outcome)
}

#[test]
fn a_reset_before_the_effect_prevents_it() {
    assert_eq!(push(Action::reset()), (End::Reset, false, Outcome::Severed));
}

#[test]
fn a_reset_after_the_effect_loses_only_the_acknowledgement() {
    assert_eq!(push(Action::reset_after()), (End::Reset, true, Outcome::Severed));
}

#[test]
fn an_orderly_close_without_answer_is_no_reset() {
    assert_eq!(push(Action::Close { point: Point::Before }), (End::Closed, false, Outcome::Severed));
    assert_eq!(push(Action::Close { point: Point::After }), (End::Closed, true, Outcome::Severed));
}

#[test]
fn a_stalled_request_is_silent_and_in_the_log_until_the_client_gives_up() {
    for (point, applied) in [(Point::Before, false), (Point::After, true)] {
        let registry = with(Action::Stall { point });
        let index = ImageBuilder::new("app").layers(1).build().unwrap().index.unwrap();
        let mut connection = Raw::patient(registry.host(), Duration::from_millis(300));
        let headers = [("content-type", media::OCI_INDEX)];
        let end = connection.ask("PUT", "/v2/app/manifests/2.0", &headers, &index.bytes).unwrap_err();
        assert_eq!(end, End::Silent);
        assert_eq!(registry.tags("app").contains_key("2.0"), applied);
        assert_eq!(registry.log().entries[0].outcome, Outcome::Open);
        drop(connection);
        assert_eq!(settled(&registry), Outcome::Abandoned);
    }
}

#[test]
fn one_connection_carries_many_requests_and_the_log_numbers_it() {
    let registry = with(Action::Delay { ms: 0 });
    let mut first = Raw::connect(registry.host());
    for _ in 0..3 {
        assert_eq!(first.ask("GET", "/v2/", &[], &[]).unwrap().status, 200);
    }
    assert_eq!(get(&registry, "/v2/").status, 200);
    let connections: Vec<u64> = registry.log().entries.iter().map(|entry| entry.connection).collect();
    assert_eq!(connections, [1, 1, 1, 2]);
    assert_eq!(registry.counters().connections, 2);
}

#[test]
fn a_connection_ends_after_an_answer_with_or_without_saying_so() {
    let registry = with(Action::Disconnect { announced: true });
    let mut connection = Raw::connect(registry.host());
    let told = connection.ask("GET", "/v2/", &[], &[]).unwrap();
    assert_eq!(told.header("connection"), Some("close"));
    assert_eq!(connection.answer(false).unwrap_err(), End::Closed);

    let registry = with(Action::Disconnect { announced: false });
    let mut connection = Raw::connect(registry.host());
    let untold = connection.ask("GET", "/v2/", &[], &[]).unwrap();
    assert_eq!((untold.status, untold.header("connection")), (200, None));
    assert_eq!(connection.answer(false).unwrap_err(), End::Closed);
}

#[test]
fn the_request_after_a_reset_works_again() {
    let registry = with(Action::reset());
    assert_eq!(ask(&registry, "GET", TAG).unwrap_err(), End::Reset);
    assert_eq!(get(&registry, TAG).status, 200);
}

/// The outcome of the first request, once it has one.
fn settled(registry: &FaultRegistry) -> Outcome {
    for _ in 0..1000 {
        let outcome = registry.log().entries[0].outcome;
        if outcome != Outcome::Open {
            return outcome;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("the request never ended");
}
