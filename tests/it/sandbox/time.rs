//! Guests that do not end.

use std::time::Duration;

use bakery_core::port::{FailureKind::TimedOut, OverrideError, Resolvers, SourceCall};
use bakery_sandbox::Limits;
use bakery_tests::workshop::{EMPTY, dispatcher, lister, resolver};

use super::{
    house::{House, ORIGIN, Reply, assert_failure, builtin_ref, list_question, online, tight},
    layout::Layout,
};

const SPIN: &str = "(loop $for_ever (br $for_ever)) unreachable";

#[tokio::test]
async fn a_loop_in_resolve_is_stopped() {
    let house = House::new(tight(), &[("spin", resolver(SPIN, ""))]);
    house
        .fails(
            "spin",
            TimedOut,
            "component `spin` ran longer than 100 ms of guest time in `version-source.resolve`",
        )
        .await;
}

#[tokio::test]
async fn a_loop_in_select_is_stopped() {
    let house = House::new(tight(), &[("spin", lister(SPIN))]);
    let words = "component `spin` ran longer than 100 ms of guest time in `version-list.select`";
    assert_failure(house.sandbox.list(&list_question("spin")).await, TimedOut, words);
    house.still_answers().await;
}

#[tokio::test]
async fn a_loop_in_check_and_in_plan_is_stopped() {
    let house = House::new(tight(), &[("override-dev-spec", dispatcher(SPIN, SPIN))]);
    let check = house.sandbox.check_spec("{}").await.unwrap_err();
    let plan = house.sandbox.plan_spec("{}", &[]).await.unwrap_err();
    for (error, export) in [(check, "check"), (plan, "plan")] {
        let OverrideError::Failed(failure) = error else { panic!("{error:?}") };
        assert_eq!(failure.kind, TimedOut);
        assert_eq!(
            failure.message,
            format!(
                "component `override-dev-spec` ran longer than 100 ms of guest time in `version-override.{export}`"
            )
        );
    }
    house.still_answers().await;
}

#[tokio::test]
async fn a_loop_before_the_first_call_is_stopped() {
    let rest = format!("(func $start {SPIN}) (start $start)");
    let house = House::new(tight(), &[("spin", resolver(EMPTY, &rest))]);
    let words = "component `spin` ran longer than 100 ms of guest time while it was started for `version-source.resolve`";
    house.fails("spin", TimedOut, words).await;
}

#[tokio::test]
async fn guests_that_spin_share_one_thread_with_those_that_do_not() {
    let house = House::new(
        Limits { guest_time: Duration::from_millis(400), ..tight() },
        &[("spin", resolver(SPIN, ""))],
    );
    // On one thread: the good guest is answered only because the other one is made to yield.
    let (spin, good) = futures_util::join!(house.ask("spin"), async {
        let answer = house.ask("good").await;
        (answer, house.events.all().len())
    });
    assert!(spin.is_err());
    assert!(good.0.is_ok());
}

/// Fetches `a` of the origin into 2048 and answers what the host said, as a failure.
fn fetcher(url: &str) -> Vec<u8> {
    let mut layout = Layout::default();
    let [url, len] = layout.text(url.as_bytes());
    let request = layout.words(&[0, url, len, 0, 0, 0, 0, 0, 0, 0]);
    // The one result of the list at 2048: its failure becomes `error(failed(failure))` at 3072.
    let body = format!(
        "(local $result i32)
         (call $fetch (i32.const {request}) (i32.const 1) (i32.const 2048))
         (local.set $result (i32.load (i32.const 2048)))
         (if (i32.eqz (i32.load8_u (local.get $result))) (then (return {EMPTY})))
         (i32.store (i32.const 3072) (i32.const 1))
         (i32.store (i32.const 3076) (i32.const 4))
         (memory.copy (i32.const 3080) (i32.add (local.get $result) (i32.const 4)) (i32.const 32))
         (i32.const 3072)"
    );
    resolver(&body, &layout.data())
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_ends_with_the_call_s_time() {
    let url = format!("{ORIGIN}a");
    let house = House::new(tight(), &[("fetch", fetcher(&url))]);
    house.network.answers("a", vec![Reply::Never]);
    let answer = house.sandbox.resolve(&online(builtin_ref("fetch"), &[]), SourceCall::default()).await;
    assert_failure(answer, TimedOut, &format!("`{url}` was not read within 20 s"));
    house.still_answers().await;
}

#[tokio::test(start_paused = true)]
async fn a_guest_that_goes_on_after_the_call_s_time_is_stopped() {
    let url = format!("{ORIGIN}a");
    let mut layout = Layout::default();
    let [at, len] = layout.text(url.as_bytes());
    let request = layout.words(&[0, at, len, 0, 0, 0, 0, 0, 0, 0]);
    let again = format!(
        "(loop $again (call $fetch (i32.const {request}) (i32.const 1) (i32.const 2048)) (br $again)) unreachable"
    );
    let house = House::new(tight(), &[("stubborn", resolver(&again, &layout.data()))]);
    house.network.answers("a", vec![Reply::Never]);
    let answer = house.sandbox.resolve(&online(builtin_ref("stubborn"), &[]), SourceCall::default()).await;
    let words = "component `stubborn` took longer than 20 s with all its waiting in `version-source.resolve`";
    assert_failure(answer, TimedOut, words);
    house.still_answers().await;
}

#[tokio::test]
async fn waiting_for_the_network_is_not_guest_time() {
    let house = House::new(
        Limits { guest_time: Duration::from_millis(60), ..tight() },
        &[("fetch", fetcher(&format!("{ORIGIN}slow")))],
    );
    house.network.answers("slow", vec![Reply::Slow(Duration::from_millis(300))]);
    let answer = house.sandbox.resolve(&online(builtin_ref("fetch"), &[]), SourceCall::default()).await;
    assert!(answer.is_ok(), "{answer:?}");
}
