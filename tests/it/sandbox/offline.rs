//! A question without a network makes no request, whatever the component does.

use bakery_core::port::{Event, FailureKind, Resolvers, SourceCall};

use bakery_tests::workshop::resolver;

use super::{
    house::{House, ORIGIN, Reply, assert_failure, builtin_ref, online, question, tight},
    layout::Layout,
};

/// Fetches `ORIGIN`, and passes the failure on or answers nothing.
fn fetcher() -> Vec<u8> {
    let mut layout = Layout::default();
    let [url, len] = layout.text(format!("{ORIGIN}a").as_bytes());
    let request = layout.words(&[0, url, len, 0, 0, 0, 0, 0, 0, 0]);
    let body = format!(
        "(local $result i32)
         (call $fetch (i32.const {request}) (i32.const 1) (i32.const 2048))
         (local.set $result (i32.load (i32.const 2048)))
         (if (i32.eqz (i32.load8_u (local.get $result))) (then (return (i32.const 1024))))
         (i32.store (i32.const 3072) (i32.const 1))
         (i32.store (i32.const 3076) (i32.const 4))
         (memory.copy (i32.const 3080) (i32.add (local.get $result) (i32.const 4)) (i32.const 32))
         (i32.const 3072)"
    );
    resolver(&body, &layout.data())
}

#[tokio::test]
async fn without_a_network_every_request_is_denied_before_the_gate() {
    let house = House::new(tight(), &[("fetch", fetcher())]);
    house.network.answers("a", vec![Reply::Body(Vec::new())]);
    let answer = house.ask("fetch").await;
    let words = format!("`{ORIGIN}a` was not read: this question is asked without any network");
    assert_failure(answer, FailureKind::Denied, &words);
    assert!(house.network.requests().is_empty());
    let events = house.events.all();
    let [Event::Denied { component, subject, .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((component.as_str(), subject.as_str()), ("fetch", "https://upstream.example/a"));
    house.still_answers().await;
}

#[tokio::test]
async fn the_same_component_reads_where_it_is_granted() {
    let house = House::new(tight(), &[("fetch", fetcher())]);
    house.network.answers("a", vec![Reply::Body(Vec::new())]);
    house.sandbox.resolve(&online(builtin_ref("fetch"), &[]), SourceCall::default()).await.unwrap();
    assert_eq!(house.network.requests(), ["https://upstream.example/a"]);
}

#[tokio::test]
async fn a_grant_of_something_else_is_denied_with_the_line_to_add() {
    let house = House::new(tight(), &[("fetch", fetcher())]);
    let mut query = question(builtin_ref("fetch"));
    query.allow = vec!["https://elsewhere.example/".to_owned()];
    let answer = house.sandbox.resolve(&query, SourceCall::default()).await;
    let Err(bakery_core::port::SourceError::Failed(failure)) = answer else { panic!("{answer:?}") };
    assert_eq!(failure.kind, FailureKind::Denied);
    assert!(failure.hint.unwrap().contains("https://upstream.example/a"));
    assert!(house.network.requests().is_empty());
}

#[tokio::test]
async fn a_line_of_allow_that_is_not_a_url_is_the_operator_s_mistake() {
    let house = House::new(tight(), &[("fetch", fetcher())]);
    let mut query = question(builtin_ref("fetch"));
    query.allow = vec!["upstream.example".to_owned()];
    let error = house.sandbox.resolve(&query, SourceCall::default()).await.unwrap_err();
    assert!(matches!(error, bakery_core::port::SourceError::InvalidConfig(_)), "{error:?}");
    assert!(error.to_string().contains("`upstream.example`"), "{error}");
}
