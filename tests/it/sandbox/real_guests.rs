//! The built-in components in the sandbox, with the embedded table of products.

use std::path::Path;

use bakery_core::{
    config::{SourceEntry, products::embedded},
    model::{BuildOs, Channel, Platform},
    port::{OsTarget, OverrideCandidate, Resolvers, SourceCall, SourceQuery},
};

use super::house::{House, Reply, builtin_ref, question, tight};

fn built(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../target/components/{name}.wasm"));
    std::fs::read(path).expect("`make components` builds it")
}

fn entry(product: &str, channel: Channel) -> &'static SourceEntry {
    embedded().iter().find(|entry| entry.key.product == product && entry.key.channel == channel).unwrap()
}

fn ask(entry: &SourceEntry, pinned: Option<&str>, allow: Vec<String>) -> SourceQuery {
    let target = |name| OsTarget { os: BuildOs::parse(name), platform: Platform::LinuxAmd64 };
    SourceQuery {
        product: entry.key.product.clone(),
        channel: entry.key.channel.to_string(),
        pinned: pinned.map(str::to_owned),
        targets: ["Ubuntu 24.04", "Rocky 9"].map(target).to_vec(),
        config: entry.config.to_string(),
        allow,
        ..question(entry.component.clone())
    }
}

#[tokio::test]
async fn a_pinned_template_version_is_found_without_a_request() {
    let wasm = built("source-template");
    let house = House::new(tight(), &[("source-template", wasm)]);
    let entry = entry("package-manager", Channel::Preview);
    assert!(entry.offline_when_pinned);
    let query = ask(entry, Some("2026.05.0-12"), Vec::new());
    let answer = house.sandbox.resolve(&query, SourceCall::default()).await.unwrap();
    for artifact in answer.artifacts {
        let artifact = artifact.unwrap();
        assert_eq!(artifact.version, "2026.05.0-12");
        assert!(artifact.url.contains("2026.05.0-12"), "{}", artifact.url);
    }
    assert_eq!((house.network.requests(), house.events.all()), (vec![], vec![]));
}

#[tokio::test]
async fn an_unpinned_template_version_reads_the_head_and_nothing_else() {
    let wasm = built("source-template");
    let house = House::new(tight(), &[("source-template", wasm)]);
    let entry = entry("package-manager", Channel::Preview);
    let head = entry.config["head"].as_str().unwrap();
    house.network.answers_at(head, vec![Reply::Body(b"2026.05.0-12\n".to_vec())]);
    let query = ask(entry, None, entry.allow.clone());
    let answer = house.sandbox.resolve(&query, SourceCall::default()).await.unwrap();
    assert!(answer.artifacts.iter().all(|artifact| artifact.as_ref().unwrap().version == "2026.05.0-12"));
    assert_eq!(house.network.requests(), [head]);
}

#[tokio::test]
async fn a_payload_is_read_and_applied() {
    let wasm = built("override-dev-spec");
    let house = House::new(tight(), &[("override-dev-spec", wasm)]);
    let spec = r#"{"version":"2026.05.0-dev+185-gSHA","channel":"daily"}"#;
    let read = house.sandbox.check_spec(spec).await.unwrap();
    assert_eq!(
        (read.version.as_deref(), read.channel.as_deref()),
        (Some("2026.05.0-dev+185-gSHA"), Some("daily"))
    );
    let candidate = |id, channel: &str| OverrideCandidate {
        id,
        image: "connect".to_owned(),
        product: "connect".to_owned(),
        channel: Some(channel.to_owned()),
        source: "channel".to_owned(),
    };
    let pins =
        house.sandbox.plan_spec(spec, &[candidate(0, "preview"), candidate(1, "daily")]).await.unwrap();
    assert_eq!(pins.len(), 1);
    assert_eq!((pins[0].candidate, pins[0].version.as_deref()), (1, Some("2026.05.0-dev+185-gSHA")));
    let refused = house.sandbox.check_spec("[]").await.unwrap_err();
    assert!(matches!(refused, bakery_core::port::OverrideError::InvalidSpec(_)), "{refused:?}");
}

#[tokio::test]
async fn every_built_in_component_is_linked_as_what_it_is() {
    for name in ["source-template", "source-manifest"] {
        let wasm = built(name);
        let house = House::new(tight(), &[("source", wasm)]);
        // An empty configuration is refused by the guest itself: it was linked, and ran.
        let error =
            house.sandbox.resolve(&question(builtin_ref("source")), SourceCall::default()).await.unwrap_err();
        assert!(matches!(error, bakery_core::port::SourceError::InvalidConfig(_)), "{name}: {error:?}");
    }
    let wasm = built("source-dependency");
    let house = House::new(tight(), &[("list", wasm)]);
    let error = house.sandbox.list(&super::house::list_question("list")).await.unwrap_err();
    assert!(matches!(error, bakery_core::port::SourceError::InvalidConfig(_)), "{error:?}");
}
