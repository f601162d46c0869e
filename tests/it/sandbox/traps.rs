//! Guests that end before they answer.

use bakery_core::port::{FailureKind::Internal, OverrideError, Resolvers};

use bakery_tests::workshop::{EMPTY, dispatcher, lister, resolver};

use super::{
    house::{House, assert_failure, list_question, tight},
    layout::Layout,
};

const ABORTED: &str = "it reached `unreachable`, as a panic or an abort without a message does";

#[tokio::test]
async fn a_trap_in_resolve_names_component_export_and_cause() {
    for (body, rest, cause) in [
        ("unreachable", "", ABORTED),
        ("(i32.div_u (i32.const 1) (i32.const 0))", "", "integer divide by zero"),
        (
            "(i32.load (i32.const -4))",
            "",
            "out of bounds memory access, as too deep a recursion causes as well",
        ),
        (
            "(call_indirect (result i32) (i32.const 7))",
            "(table 1 funcref)",
            "undefined element: out of bounds table access",
        ),
        ("(call_indirect (result i32) (i32.const 0))", "(table 1 funcref)", "uninitialized element"),
    ] {
        let house = House::new(tight(), &[("trap", resolver(body, rest))]);
        house
            .fails(
                "trap",
                Internal,
                &format!("component `trap` trapped in `version-source.resolve`: {cause}"),
            )
            .await;
    }
}

#[tokio::test]
async fn a_trap_in_select_names_it() {
    let house = House::new(tight(), &[("trap", lister("unreachable"))]);
    let answer = house.sandbox.list(&list_question("trap")).await;
    assert_failure(
        answer,
        Internal,
        &format!("component `trap` trapped in `version-list.select`: {ABORTED}"),
    );
    house.still_answers().await;
}

#[tokio::test]
async fn a_trap_in_check_and_in_plan_names_them() {
    let house = House::new(tight(), &[("override-dev-spec", dispatcher("unreachable", "unreachable"))]);
    let check = house.sandbox.check_spec("{}").await.unwrap_err();
    let plan = house.sandbox.plan_spec("{}", &[]).await.unwrap_err();
    for (error, export) in [(check, "check"), (plan, "plan")] {
        let OverrideError::Failed(failure) = error else { panic!("{error:?}") };
        let words =
            format!("component `override-dev-spec` trapped in `version-override.{export}`: {ABORTED}");
        assert_eq!((failure.kind, failure.message), (Internal, words));
    }
    house.still_answers().await;
}

#[tokio::test]
async fn a_trap_before_the_first_call_names_what_it_was_started_for() {
    let house = House::new(tight(), &[("trap", resolver(EMPTY, "(func $start unreachable) (start $start)"))]);
    let words =
        format!("component `trap` trapped while it was started for `version-source.resolve`: {ABORTED}");
    house.fails("trap", Internal, &words).await;
}

#[tokio::test]
async fn recursion_without_end_is_a_failure_and_not_a_crash() {
    let rest = "(func $deeper (param i32) (result i32) (i32.add (i32.const 1) (call $deeper (local.get 0))))";
    let house = House::new(tight(), &[("deep", resolver("(call $deeper (i32.const 0))", rest))]);
    let words = "component `deep` recursed too deeply: it used more than 512 KiB of stack in `version-source.resolve`";
    house.fails("deep", Internal, words).await;
}

/// Logs a panic as the guest library does, and traps.
fn panicker(message: &[u8]) -> Vec<u8> {
    let mut layout = Layout::default();
    let [at, len] = layout.text(message);
    let body = format!("(call $log (i32.const 2) (i32.const {at}) (i32.const {len})) unreachable");
    resolver(&body, &layout.data())
}

#[tokio::test]
async fn the_message_of_a_panic_is_repeated_once() {
    let house = House::new(tight(), &[("panic", panicker(b"panicked at src/lib.rs:7: no such\nversion"))]);
    let words = "component `panic` panicked in `version-source.resolve`: at src/lib.rs:7: no such version";
    house.fails("panic", Internal, words).await;
    assert_eq!(house.events.log(), Vec::<String>::new());
}

#[tokio::test]
async fn a_panic_that_was_only_said_is_in_the_log() {
    let mut layout = Layout::default();
    let [at, len] = layout.text(b"panicked, but not really");
    let body = format!("(call $log (i32.const 2) (i32.const {at}) (i32.const {len})) {EMPTY}");
    let house = House::new(tight(), &[("actor", resolver(&body, &layout.data()))]);
    house.ask("actor").await.unwrap();
    assert_eq!(house.events.log(), ["panicked, but not really"]);
}

#[tokio::test]
async fn the_message_of_a_panic_is_bounded() {
    let message = format!("panicked: {}", "a".repeat(40_000));
    let house = House::new(tight(), &[("panic", panicker(message.as_bytes()))]);
    let kept = "a".repeat(1024 - "panicked: ".len());
    house
        .fails("panic", Internal, &format!("component `panic` panicked in `version-source.resolve`: {kept}"))
        .await;
}
