//! Requests that are held, and clients that die meanwhile.

use std::time::Duration;

use bakery_fault_registry::{Action, FaultRegistry, ImageBuilder, Operation, Outcome, Script, When, media};

use crate::raw::{End, Raw, get, put, spawn};

const LONG: Duration = Duration::from_secs(20);
const TAG: &str = "/v2/app/manifests/2.0";

fn with(action: Action) -> (FaultRegistry, Vec<u8>) {
    let rule = When::on(Operation::PutManifest).nth(1).then(action);
    let registry = spawn(Script::new().rule(rule));
    let image = ImageBuilder::new("app").layers(1).build().unwrap();
    registry.seed(&image).unwrap();
    (registry, image.index.unwrap().bytes.to_vec())
}

fn pushed(registry: &FaultRegistry) -> bool {
    registry.tags("app").contains_key("2.0")
}

/// Sends the push and hangs up while it is held.
fn push_and_die(registry: &FaultRegistry, body: &[u8]) {
    let mut connection = Raw::connect(registry.host());
    let head = format!(
        "PUT {TAG} HTTP/1.1\r\nhost: fault\r\ncontent-type: {}\r\ncontent-length: {}\r\n\r\n",
        media::OCI_INDEX,
        body.len()
    );
    connection.write(&[head.as_bytes(), body].concat()).unwrap();
    let paused = registry.wait_paused(LONG).unwrap();
    assert_eq!((paused.request, paused.name.as_str()), (1, "here"));
    drop(connection);
}

fn until(condition: impl Fn() -> bool) {
    for _ in 0..4000 {
        if condition() {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("the condition never came true");
}

#[test]
fn a_request_held_before_its_effect_goes_on_when_released() {
    let (registry, body) = with(Action::pause("here"));
    std::thread::scope(|scope| {
        let client = scope.spawn(|| put(&registry, TAG, media::OCI_INDEX, &body).unwrap().status);
        assert!(registry.wait_paused(LONG).is_some());
        assert!(!pushed(&registry));
        // Others are served meanwhile.
        assert_eq!(get(&registry, "/v2/").status, 200);
        assert_eq!(registry.release(), 1);
        assert_eq!(client.join().unwrap(), 201);
    });
    assert!(pushed(&registry));
    assert_eq!(registry.paused(), []);
}

#[test]
fn a_request_held_after_its_effect_has_happened_although_nobody_was_told() {
    let (registry, body) = with(Action::pause_after("here"));
    push_and_die(&registry, &body);
    assert!(pushed(&registry));
    assert_eq!(registry.release(), 1);
    until(|| registry.log().entries[0].outcome != Outcome::Open);
}

#[test]
fn the_test_decides_whether_the_request_of_a_dead_client_still_happens() {
    let (registry, body) = with(Action::pause("here"));
    push_and_die(&registry, &body);
    assert_eq!(registry.release(), 1);
    until(|| pushed(&registry));

    let (registry, body) = with(Action::pause("here"));
    push_and_die(&registry, &body);
    assert_eq!(registry.discard(), 1);
    until(|| registry.log().entries[0].outcome == Outcome::Discarded);
    assert!(!pushed(&registry));
}

#[test]
fn a_discarded_request_resets_a_client_that_still_waits() {
    let (registry, body) = with(Action::pause("here"));
    std::thread::scope(|scope| {
        let client = scope.spawn(|| put(&registry, TAG, media::OCI_INDEX, &body).unwrap_err());
        assert!(registry.wait_paused(LONG).is_some());
        registry.discard();
        assert_eq!(client.join().unwrap(), End::Reset);
    });
}

#[test]
fn waiting_for_a_pause_that_never_comes_ends() {
    let registry = spawn(Script::new());
    assert_eq!(registry.wait_paused(Duration::from_millis(1)), None);
}

#[test]
fn a_registry_stops_while_requests_are_held_and_stalled() {
    let (registry, body) = with(Action::pause("here"));
    push_and_die(&registry, &body);
    // Joins the registry's thread; a request that could not be ended would hang this test.
    drop(registry);
}
