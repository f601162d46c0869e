//! What steps say: to the log, of failures that they had or made up, and after the run was cancelled.

use std::{sync::Arc, time::Duration};

use bakery_core::port::{
    Event,
    FailureKind::{Cancelled, Internal, NotFound},
};
use bakery_fault_registry::{Lag, LagOf, Script, Until};
use bakery_sandbox::Limits;
use serde_json::json;

use super::{
    house::{Events, Target},
    scene::Scene,
};

#[tokio::test]
async fn what_a_step_says_is_heard_by_its_target_alone() {
    let scene = Scene::new();
    let (plan, own) = (&scene.target.plan, Arc::<Events>::default());
    let target = Target { runner: scene.house.steps.open("other", &[], own.clone()), plan: plan.clone() };
    target.misbehave(&json!({"deed": "log", "value": "hello\u{1b}[31m"})).await.unwrap();
    let heard = own.all();
    let [Event::GuestLog { component, message, .. }] = heard.as_slice() else { panic!("{heard:?}") };
    assert_eq!((component.as_str(), message.as_str()), ("misbehaving-step", "hello\u{1b}[31m"));
    assert_eq!(scene.house.events.all(), []);
}

#[tokio::test]
async fn a_failure_that_is_passed_on_keeps_its_class_and_its_hint_whatever_the_step_says() {
    let scene = Scene::new();
    let references = json!([format!("{}:1", scene.at("team/secret"))]);
    let [honest, lie] = ["pass-on", "lie"].map(|deed| json!({"deed": deed, "references": references}));
    let honest = scene.target.misbehave(&honest).await.unwrap_err();
    assert!(honest.hint.as_ref().unwrap().starts_with("a step may read only what the plan"), "{honest:?}");
    let lie = scene.target.misbehave(&lie).await.unwrap_err();
    assert_eq!((lie.kind, &lie.hint, lie.attempts), (honest.kind, &honest.hint, honest.attempts));
    assert_eq!(lie.message, "it will be better next time");
}

#[tokio::test]
async fn a_failure_that_no_call_had_does_not_speak_for_a_registry() {
    let scene = Scene::new();
    let claim = json!({"deed": "claim", "references": ["ghcr.io/a/b:1"]});
    let words = "component `misbehaving-step` reports a failed request that it did not make, \
                 of `ghcr.io/a/b:1`: try again";
    scene.fails(claim, Internal, words).await;
    let words = "component `misbehaving-step` reports a failed request that it did not make, \
                 of `the run`: stop everything";
    scene.fails(json!({"deed": "cancel"}), Internal, words).await;
}

#[tokio::test]
async fn a_step_that_goes_on_after_the_run_was_cancelled_is_given_up() {
    let lag = Lag::new(LagOf::Manifests, Until::Reads(1_000_000)).repository("team/tmp");
    let limits = Limits { guest_time: Duration::from_secs(60), ..Limits::default() };
    let scene = Scene::of(Script::new().lag(lag), limits);
    let options = json!({"deed": "ignore", "references": [scene.source()]});
    let cancel = async {
        while scene.registry.counters().requests == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        scene.house.cancel.cancel();
    };
    let (answer, ()) = futures_util::future::join(scene.target.misbehave(&options), cancel).await;
    let failure = answer.unwrap_err();
    assert_eq!(failure.kind, Cancelled);
    assert_eq!(failure.message, "step `index-tag` of target `connect-2026-05-0` was cancelled");
}

#[tokio::test]
async fn a_component_that_is_not_there_is_named_with_those_that_are() {
    let scene = Scene::new();
    let failure = scene.target.ask("step-index-cut", &json!({})).await.unwrap_err();
    assert_eq!(failure.kind, NotFound);
    assert!(
        failure.message.starts_with("there is no built-in component `step-index-cut`; there are "),
        "{failure}"
    );
    assert!(failure.message.contains("`step-index-copy`"), "{failure}");
}
