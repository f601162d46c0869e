//! Steps that name what they are not granted, what they never held, or what is no name at all.

use bakery_fault_registry::Script;
use serde_json::{Value, json};

use super::{
    house::words,
    plan::{registry, repository},
    scene::Scene,
};

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
    assert_eq!(
        scene.told(copy(&format!("{secret}@{digest}"), &scene.at("team/app"))).await,
        std::slice::from_ref(&read)
    );
    assert_eq!(scene.told(copy(&source, &secret)).await, std::slice::from_ref(&write));
    // The source's repository may be read, and nothing more.
    let tmp = scene.at("team/tmp");
    let write_tmp = format!("failed FailureKind::Denied: `misbehaving-step` may not write `{tmp}`");
    assert_eq!(scene.told(copy(&source, &tmp)).await, std::slice::from_ref(&write_tmp));
    for (to, words) in [(&secret, &write), (&tmp, &write_tmp)] {
        let push = json!({"deed": "push", "repository": to, "digest": digest, "tags": []});
        assert_eq!(scene.told(push).await, std::slice::from_ref(words));
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
