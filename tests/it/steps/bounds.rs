//! Steps that ask for more than anyone can use, hand over too much, answer what is no answer, or do not end: each rule
//! has a guest that breaks it. Whatever it breaks, the next target is published.

use std::time::Duration;

use bakery_core::port::FailureKind::{Internal, TimedOut};
use bakery_sandbox::Limits;
use serde_json::{Value, json};

use super::{
    house::words,
    scene::{HERE, Scene},
};

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
