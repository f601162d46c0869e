//! Steps that ask for more than they may have, hand over more than anyone can use, answer what is no answer, or do not
//! end: each rule has a guest that breaks it. Whatever it breaks, the next target is published.

use std::time::Duration;

use bakery_core::port::FailureKind::{self, Cancelled, Internal, NotFound, TimedOut};
use bakery_fault_registry::{FaultRegistry, Image, Lag, LagOf, Script, Until};
use bakery_sandbox::Limits;
use serde_json::{Value, json};

use super::house::{House, Plan, Target, registry, repository, words};

/// A registry that counts, and a target of which one repository may be read and one be written.
struct Scene {
    registry: FaultRegistry,
    image: Image,
    house: House,
    target: Target,
}

impl Scene {
    fn new() -> Self {
        Self::with(Limits::default())
    }

    fn with(limits: Limits) -> Self {
        Self::of(Script::new(), limits)
    }

    fn of(script: Script, limits: Limits) -> Self {
        let (registry, image) = registry(script);
        let house = House::with(&[&registry], limits, &[]);
        let target = house.open(Plan::of(&registry, &image, "team/app", &["1"]));
        Self { registry, image, house, target }
    }

    /// What the step was told when it did this.
    async fn told(&self, options: Value) -> Vec<String> {
        let outcome = self.target.misbehave(&options).await.unwrap();
        self.still_publishes().await;
        words(&outcome)
    }

    /// The step fails like this.
    async fn fails(&self, options: Value, kind: FailureKind, message: &str) {
        let failure = self.target.misbehave(&options).await.unwrap_err();
        assert_eq!((failure.kind, failure.message.as_str()), (kind, message), "{options}");
        self.still_publishes().await;
    }

    /// Another target of the same run is published.
    async fn still_publishes(&self) {
        let plan = Plan::of(&self.registry, &self.image, "team/good", &["1"]);
        self.house.publish(&plan).await.expect("a good target is published after a bad one");
    }

    fn at(&self, repository_name: &str) -> String {
        repository(&self.registry, repository_name).to_string()
    }

    fn source(&self) -> String {
        self.target.plan.sources[0].reference.to_string()
    }

    /// Requests about repositories that only the bad step names.
    fn asked(&self, name: &str) -> Vec<String> {
        let about = |entry: &bakery_fault_registry::Entry| entry.repository.as_deref() == Some(name);
        self.registry.log().only(about).lines()
    }
}

const HERE: &str = "in `publish-step.run`";

#[tokio::test]
async fn a_repository_that_is_not_granted_is_neither_read_nor_written() {
    let scene = Scene::new();
    let (secret, source) = (scene.at("team/secret"), scene.source());
    let digest = scene.target.plan.source(0).to_string();
    let read = format!("failed FailureKind::Denied: `misbehaving-step` may not read `{secret}`");
    let write = format!("failed FailureKind::Denied: `misbehaving-step` may not write `{secret}`");
    let references = json!([format!("{secret}:1"), format!("{secret}@{digest}")]);
    for deed in ["resolve", "await-readable", "get-manifest", "await-digest"] {
        let told = scene.told(json!({"deed": deed, "references": references, "digest": digest})).await;
        assert_eq!(told, [read.clone(), read.clone()], "{deed}");
    }
    let copy =
        |references: &str, to: &str| json!({"deed": "copy", "references": [references], "repository": to});
    assert_eq!(scene.told(copy(&format!("{secret}@{digest}"), &scene.at("team/app"))).await, [read.clone()]);
    assert_eq!(scene.told(copy(&source, &secret)).await, [write.clone()]);
    // The source's repository may be read, and nothing more.
    let tmp = scene.at("team/tmp");
    let write_tmp = format!("failed FailureKind::Denied: `misbehaving-step` may not write `{tmp}`");
    assert_eq!(scene.told(copy(&source, &tmp)).await, [write_tmp.clone()]);
    for (to, words) in [(&secret, &write), (&tmp, &write_tmp)] {
        let push = json!({"deed": "push", "repository": to, "digest": digest, "tags": []});
        assert_eq!(scene.told(push).await, [words.clone()]);
    }
    assert_eq!(scene.asked("team/secret"), [""; 0]);
    assert_eq!(scene.house.events.denied().len(), 2 * 4 + 5);
}

#[tokio::test]
async fn another_registry_is_not_reached_at_all() {
    let scene = Scene::new();
    let (other, _) = registry(Script::new());
    let reference = format!("{}:1", repository(&other, "team/app"));
    let told = scene.told(json!({"deed": "resolve", "references": [reference]})).await;
    assert!(told[0].starts_with("failed FailureKind::Denied: "), "{told:?}");
    assert_eq!(other.counters().requests, 0);
}

#[tokio::test]
async fn a_tag_beyond_the_grant_is_not_written_nor_are_the_others_beside_it() {
    let scene = Scene::new();
    let digest = scene.target.plan.source(0).to_string();
    scene
        .told(json!({"deed": "copy", "references": [scene.source()], "repository": scene.at("team/app")}))
        .await;
    let push = |tags: Value| json!({"deed": "push", "repository": scene.at("team/app"), "digest": digest, "tags": tags});
    let told = scene.told(push(json!(["1", "latest"]))).await;
    let app = scene.at("team/app");
    assert_eq!(
        told,
        [format!("failed FailureKind::Denied: `misbehaving-step` may not write `{app}:latest`")]
    );
    assert!(scene.registry.tags("team/app").is_empty());
    assert_eq!(scene.told(push(json!(["1"]))).await, [format!("ok {digest}")], "the grant itself holds");
}

#[tokio::test]
async fn a_digest_that_the_target_never_held_cannot_be_pushed() {
    let scene = Scene::new();
    let digest = scene.target.plan.source(0).to_string();
    // Another target of the run has read it: that is none of this one's business.
    let other = scene.house.open(scene.target.plan.clone());
    let read =
        other.misbehave(&json!({"deed": "get-manifest", "references": [scene.source()]})).await.unwrap();
    assert_eq!(words(&read), [format!("ok {digest}")]);
    let app = scene.at("team/app");
    let told = scene.told(json!({"deed": "push", "repository": app, "digest": digest, "tags": ["1"]})).await;
    assert_eq!(
        told,
        [format!(
            "failed FailureKind::InvalidInput: `{digest}` cannot be pushed: this target neither holds it nor has read it"
        )]
    );
    assert_eq!(scene.asked("team/app"), [""; 0]);
}

#[tokio::test]
async fn texts_that_are_no_references_reach_nobody_and_fail_alone() {
    let scene = Scene::new();
    let (source, app) = (scene.source(), scene.at("team/app"));
    let digest = scene.target.plan.source(0).to_string();
    let wrong = [
        String::new(),
        "ubuntu".to_owned(),
        "ubuntu:24.04".to_owned(),
        app.clone(),
        format!("https://{app}:1"),
        format!("{app}:1/../../_catalog"),
        format!("{app}:1?x=y"),
        format!("{app}:1\r\nAuthorization: Basic x"),
        format!("{app}@sha256:../../../x"),
        format!("user:password@{app}:1"),
        format!("{}:1", app.to_uppercase()),
        format!("{app}:{}", "x".repeat(129)),
    ];
    for deed in ["resolve", "await-readable", "get-manifest", "await-digest", "copy"] {
        let mut references = wrong.to_vec();
        references.insert(3, source.clone());
        let told = scene
            .told(json!({"deed": deed, "references": references, "digest": digest, "repository": app}))
            .await;
        assert_eq!(told.len(), wrong.len() + 1, "{deed}");
        assert_eq!(told[3], format!("ok {digest}"), "{deed}");
        let others = told.iter().enumerate().filter(|(at, _)| *at != 3);
        assert!(
            others.clone().all(|(_, line)| line.starts_with("failed FailureKind::InvalidInput: ")),
            "{deed}: {told:#?}"
        );
    }
    for (to, what, tag) in [
        ("ubuntu", digest.as_str(), "1"),
        (&app, "sha256:../../x", "1"),
        (&app, &digest, "1/../2"),
        (&app, &digest, "1\r\nx"),
    ] {
        let told = scene.told(json!({"deed": "push", "repository": to, "digest": what, "tags": [tag]})).await;
        assert!(told[0].starts_with("failed FailureKind::InvalidInput: "), "{told:?}");
    }
    let told = scene.told(json!({"deed": "await-digest", "references": [source], "digest": "latest"})).await;
    assert!(told[0].starts_with("failed FailureKind::InvalidInput: `latest` is not a digest"), "{told:?}");
    let told = scene.told(json!({"deed": "copy", "references": [source], "repository": "ubuntu"})).await;
    assert!(told[0].starts_with("failed FailureKind::InvalidInput: "), "{told:?}");
    // What is right is read by its digest, and nothing else is.
    let paths: std::collections::BTreeSet<_> = scene
        .asked("team/app")
        .iter()
        .map(|line| line.contains("_catalog") || line.contains("manifests/1"))
        .collect();
    assert!(!paths.contains(&true), "{:#?}", scene.asked("team/app"));
}

#[tokio::test]
async fn a_flood_of_references_ends_the_call_before_anything_is_asked() {
    let scene = Scene::new();
    let reference = format!("{}:1", scene.at("team/app"));
    let flood = |number: u32| json!({"deed": "flood", "references": [reference], "number": number});
    let words = format!(
        "component `misbehaving-step` named more than 256 references in one call of `registry` {HERE}"
    );
    scene.fails(flood(257), Internal, &words).await;
    assert_eq!(scene.asked("team/app"), [""; 0]);
    let scene = Scene::with(Limits { references: 3, ..Limits::default() });
    let reference = format!("{}:1", scene.at("team/app"));
    let app = scene.at("team/app");
    let digest = scene.target.plan.source(0).to_string();
    let words = words.replace("256", "3");
    for options in [
        json!({"deed": "await-readable", "references": [reference, reference, reference, reference]}),
        json!({"deed": "get-manifest", "references": [reference, reference, reference, reference]}),
        json!({"deed": "await-digest", "references": [reference, reference, reference, reference], "digest": digest}),
        json!({"deed": "copy", "references": [reference, reference, reference, reference], "repository": app}),
        json!({"deed": "push", "repository": app, "digest": digest, "tags": ["1", "2", "3", "4"]}),
    ] {
        scene.fails(options, Internal, &words).await;
    }
    assert_eq!(scene.asked("team/app"), [""; 0]);
}

#[tokio::test]
async fn a_flood_of_calls_ends_the_step() {
    let scene = Scene::with(Limits { host_calls: 20, ..Limits::default() });
    let reference = format!("{}:1", scene.at("team/secret"));
    let repeat = json!({"deed": "repeat", "references": [reference], "number": 21});
    let words = format!("component `misbehaving-step` made more than 20 host calls {HERE}");
    scene.fails(repeat, Internal, &words).await;
}

#[tokio::test]
async fn a_manifest_that_is_too_large_is_not_taken() {
    let scene = Scene::new();
    let hold = |number: u32| json!({"deed": "hold", "media-type": "application/vnd.oci.image.index.v1+json", "number": number});
    assert_eq!(
        scene.told(hold((4 << 20) + 1)).await,
        ["failed FailureKind::InvalidInput: a manifest of 4194305 bytes was not taken: it may have 4194304"]
    );
    let words = format!(
        "component `misbehaving-step` handed over more than 5 MiB of strings and lists at once {HERE}"
    );
    scene.fails(hold(6 << 20), Internal, &words).await;
    let told = scene.told(hold(4 << 20)).await;
    assert!(
        told[0].starts_with("failed FailureKind::InvalidInput: the manifest cannot be read: "),
        "{told:?}"
    );
}

#[tokio::test]
async fn manifests_that_are_too_large_together_are_not_handed_over() {
    // A manifest of eleven blobs has some 2 KiB.
    let scene = Scene::with(Limits { manifest_bytes: 3000, ..Limits::default() });
    let source = scene.source();
    let other = scene.target.plan.sources[1].reference.to_string();
    for deed in ["get-manifest", "await-readable"] {
        let outcome =
            scene.target.misbehave(&json!({"deed": deed, "references": [source, other]})).await.unwrap();
        let digest = scene.target.plan.source(0);
        assert_eq!(
            words(&outcome),
            [
                format!("ok {digest}"),
                format!(
                    "failed FailureKind::InvalidInput: the answer for `{other}` was dropped: \
                     all answers of one call together are bounded to 3000 bytes"
                )
            ]
        );
    }
}

#[tokio::test]
async fn what_is_no_outcome_is_refused() {
    let scene = Scene::new();
    let outcome = |digest: Value, number: u32, key: &str, value: &str| json!({"deed": "outcome", "digest": digest, "number": number, "key": key, "value": value});
    let upper = format!("sha256:{}", "AB".repeat(32));
    for (options, words) in [
        (outcome(json!("latest"), 0, "", ""), "`latest`, which is not a digest".to_owned()),
        (outcome(json!(upper), 0, "", ""), format!("`{upper}`, which is not a digest")),
        (outcome(json!("sha256:../x"), 0, "", ""), "`sha256:../x`, which is not a digest".to_owned()),
        (outcome(Value::Null, 4097, "a", "x"), "4097 attributes; at most 4096 are read".to_owned()),
        (
            outcome(Value::Null, 1000, "a", &"x".repeat(1000)),
            "1001000 bytes of attributes; at most 524288 are read".to_owned(),
        ),
        (
            outcome(Value::Null, 1, "Not a word", "x"),
            "the attribute `Not a word`: a key is lower-case words joined by `-`".to_owned(),
        ),
        (
            outcome(Value::Null, 1, "copied", "x\n::error::y"),
            r"the attribute `copied` = `x\n::error::y`: a value is one line of at most 1024 bytes".to_owned(),
        ),
    ] {
        scene.fails(options, Internal, &format!("component `misbehaving-step` answered {words}")).await;
    }
    let huge = outcome(Value::Null, 10_000, "a", &"x".repeat(1000));
    let words = format!(
        "component `misbehaving-step` handed over more than 5 MiB of strings and lists at once {HERE}"
    );
    scene.fails(huge, Internal, &words).await;
}

#[tokio::test]
async fn a_step_that_does_not_end_or_breaks_is_ended_with_words() {
    let scene = Scene::with(Limits { guest_time: Duration::from_millis(200), ..Limits::default() });
    let name = "component `misbehaving-step`";
    scene
        .fails(
            json!({"deed": "spin"}),
            TimedOut,
            &format!("{name} ran longer than 200 ms of guest time {HERE}"),
        )
        .await;
    let words =
        format!("{name} trapped {HERE}: out of bounds memory access, as too deep a recursion causes as well");
    scene.fails(json!({"deed": "recurse"}), Internal, &words).await;
    let failure = scene.target.misbehave(&json!({"deed": "panic"})).await.unwrap_err();
    assert!(failure.message.starts_with(&format!("{name} panicked {HERE}: at ")), "{failure}");
    assert!(failure.message.ends_with(": no such deed"), "{failure}");
    scene.still_publishes().await;
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
