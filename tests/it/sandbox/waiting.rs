//! An upstream that is not there yet: waited for with a fresh store and a fresh read each time, or reported.

use std::time::Duration;

use bakery_core::port::{Event, Resolvers, SourceCall, SourceError, SourceQuery};

use bakery_tests::workshop::resolver;

use super::{
    house::{House, ORIGIN, Reply, builtin_ref, online, tight},
    layout::Layout,
};

/// Reads `latest`; the body is the version of the second artifact, and of the first one when it is long enough.
/// So a short body is a torn answer.
fn echo() -> Vec<u8> {
    let mut layout = Layout::default();
    let url = format!("{ORIGIN}latest");
    let [at, len] = layout.text(url.as_bytes());
    let request = layout.words(&[0, at, len, 0, 0, 0, 0, 0, 0, 0]);
    let answer = layout.resolution(&[("2026.07.0", &url), ("2026.07.0", &url)]);
    // Element 0 of the artifacts: its version lies 8 bytes in; element 1 follows 64 bytes later.
    let body = format!(
        "(local $result i32) (local $body i32) (local $len i32) (local $first i32)
         (call $fetch (i32.const {request}) (i32.const 1) (i32.const 2048))
         (local.set $result (i32.load (i32.const 2048)))
         (if (i32.load8_u (local.get $result)) (then unreachable))
         (local.set $body (i32.load offset=28 (local.get $result)))
         (local.set $len (i32.load offset=32 (local.get $result)))
         (local.set $first (i32.load offset=4 (i32.const {answer})))
         (i32.store offset=72 (local.get $first) (local.get $body))
         (i32.store offset=76 (local.get $first) (local.get $len))
         (if (i32.gt_u (local.get $len) (i32.const 8))
           (then
             (i32.store offset=8 (local.get $first) (local.get $body))
             (i32.store offset=12 (local.get $first) (local.get $len))))
         (i32.const {answer})"
    );
    resolver(&body, &layout.data())
}

fn query(pinned: Option<&str>) -> SourceQuery {
    SourceQuery {
        pinned: pinned.map(str::to_owned),
        ..online(builtin_ref("echo"), &["Ubuntu 24.04", "Debian 12"])
    }
}

fn body(text: &str) -> Reply {
    Reply::Body(text.as_bytes().to_vec())
}

fn wait(seconds: u64) -> SourceCall {
    SourceCall { wait: Duration::from_secs(seconds) }
}

#[tokio::test(start_paused = true)]
async fn a_stale_upstream_is_waited_for_until_it_has_the_pin() {
    let house = House::new(tight(), &[("echo", echo())]);
    house.network.answers("latest", vec![body("2026.05.0"), body("2026.05.0"), body("2026.06.0")]);
    let answer = house.sandbox.resolve(&query(Some("2026.06.0")), wait(600)).await.unwrap();
    assert_eq!(answer.attempts, 3);
    assert!(answer.waited > Duration::ZERO, "{answer:?}");
    assert!(answer.artifacts.iter().all(|artifact| artifact.as_ref().unwrap().version == "2026.06.0"));
    assert_eq!(house.network.requests().len(), 3);
    let events = house.events.all();
    let waits = events.iter().filter(|event| matches!(event, Event::Waiting { .. })).count();
    assert_eq!(waits, 2);
    let Some(Event::Waiting { subject, message, .. }) =
        events.iter().find(|event| matches!(event, Event::Waiting { .. }))
    else {
        panic!("{events:?}")
    };
    assert_eq!(subject, "connect (daily)");
    assert_eq!(message, "the upstream has `2026.05.0`, not the pinned `2026.06.0`");
}

#[tokio::test(start_paused = true)]
async fn a_stale_upstream_without_a_wait_fails_naming_both_versions() {
    let house = House::new(tight(), &[("echo", echo())]);
    house.network.answers("latest", vec![body("2026.05.0")]);
    let error = house.sandbox.resolve(&query(Some("2026.06.0")), wait(0)).await.unwrap_err();
    let SourceError::Mismatch { pinned, found, origin, waited, .. } = error else { panic!("{error:?}") };
    assert_eq!((pinned.as_str(), found.as_str()), ("2026.06.0", "2026.05.0"));
    assert_eq!((origin, waited), (format!("{ORIGIN}latest"), Duration::ZERO));
    assert_eq!(house.network.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_upstream_that_stays_stale_fails_with_how_long_it_was_waited_for() {
    let house = House::new(tight(), &[("echo", echo())]);
    house.network.answers("latest", vec![body("2026.05.0")]);
    let error = house.sandbox.resolve(&query(Some("2026.06.0")), wait(60)).await.unwrap_err();
    let SourceError::Mismatch { waited, .. } = error else { panic!("{error:?}") };
    assert_eq!(waited.as_secs(), 60);
    assert!(house.network.requests().len() > 2);
}

#[tokio::test(start_paused = true)]
async fn a_torn_upstream_is_waited_for_as_well() {
    let house = House::new(tight(), &[("echo", echo())]);
    house.network.answers("latest", vec![body("2026.6.0"), body("2026.08.0")]);
    let error = house.sandbox.resolve(&query(None), wait(0)).await.unwrap_err();
    let SourceError::Torn { versions, .. } = error else { panic!("{error:?}") };
    assert_eq!(versions[0], ("ubuntu 24.04 (amd64)".to_owned(), "2026.07.0".to_owned()));
    assert_eq!(versions[1], ("debian 12 (amd64)".to_owned(), "2026.6.0".to_owned()));

    let house = House::new(tight(), &[("echo", echo())]);
    house.network.answers("latest", vec![body("2026.6.0"), body("2026.08.0")]);
    let answer = house.sandbox.resolve(&query(None), wait(60)).await.unwrap();
    assert_eq!(answer.attempts, 2);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_none_is_not_waited_for() {
    let house = House::new(tight(), &[("echo", echo())]);
    house.network.answers("latest", vec![body("<html>down for maintenance</html>")]);
    let error = house.sandbox.resolve(&query(Some("2026.06.0")), wait(600)).await.unwrap_err();
    assert!(matches!(error, SourceError::InvalidAnswer(_)), "{error:?}");
    assert_eq!(house.network.requests().len(), 1);
}
