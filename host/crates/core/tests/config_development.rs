//! What `devVersions` and `sources` may say and what it then means. What is refused stands in `bad_config/`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise and says so")]

use bakery_core::config::{Config, DevSource, Image, PinPolicy, load, products};
use bakery_core::model::{Channel, ComponentRef};

const HEAD: &str = "repository:\n  url: github.com/example/images\n";

/// Loads a file that must be accepted; the number of warnings comes with it.
fn accept(text: &str) -> (Config, usize) {
    match load("bakery.yaml", text.as_bytes(), false) {
        Ok(loaded) => (loaded.config, loaded.warnings.list().len()),
        Err(errors) => panic!("{text}\n{}", errors.render(false)),
    }
}

/// The only image of a file whose image `app` holds `body`, written as a flow map.
fn image(body: &str) -> Image {
    let text = format!("{HEAD}images:\n  - {{name: app, {body}}}\n");
    accept(&text).0.images.into_iter().next().unwrap()
}

#[test]
fn development_versions_of_a_channel_are_read_under_both_names() {
    for (written, warnings) in [
        ("sourceType: channel, product: connect, channel: daily", 0),
        ("sourceType: stream, product: connect, channel: daily", 1),
        ("sourceType: channel, product: connect, stream: daily", 1),
        ("sourceType: stream, product: connect, stream: daily", 2),
        ("sourceType: channel, product: connect, channel: daily, stream: daily", 1),
    ] {
        let text = format!(
            "{HEAD}images:\n  - name: app\n    devVersions:\n      - {{{written}, os: [{{name: A}}]}}\n"
        );
        let (config, count) = accept(&text);
        let version = &config.images[0].dev_versions[0];
        assert_eq!(version.source.channel(), Some(Channel::Daily), "{written}");
        assert_eq!(version.source.product(), "connect");
        assert_eq!(version.pin_policy, PinPolicy::Equal);
        assert_eq!(version.line, 6);
        assert_eq!(count, warnings, "{written}");
    }
}

#[test]
fn every_embedded_product_passes_with_every_channel() {
    for product in products::product_names() {
        for channel in Channel::ALL {
            let version = image(&format!(
                "devVersions: [{{sourceType: channel, product: {product}, channel: {channel}, pinned: substitute, os: [{{name: A}}]}}]"
            ))
            .dev_versions
            .remove(0);
            assert_eq!(version.source.product(), product);
            assert_eq!(version.pin_policy, PinPolicy::Substitute);
        }
    }
}

#[test]
fn the_release_branch_is_read_in_both_spellings() {
    for key in ["release_branch", "releaseBranch"] {
        let image = image(&format!(
            "devVersions: [{{sourceType: channel, product: workbench, channel: daily, {key}: apple-blossom, os: [{{name: A}}]}}]"
        ));
        let DevSource::Channel { release_branch, .. } = &image.dev_versions[0].source else {
            panic!("{key}")
        };
        assert_eq!(release_branch.as_deref(), Some("apple-blossom"));
    }
}

#[test]
fn development_versions_of_a_dependency_may_have_a_channel() {
    let image = image(
        "devVersions: [{sourceType: dependency, dependency: positron, prerelease: true, channel: daily, values: {a: b}, os: [{name: A}]}, \
         {sourceType: dependency, dependency: R, os: [{name: A}]}, {sourceType: dependency, dependency: quarto, stream: preview, os: [{name: A}]}]",
    );
    let facts: Vec<_> = image
        .dev_versions
        .iter()
        .map(|v| (v.source.kind(), v.source.product(), v.source.channel()))
        .collect();
    assert_eq!(
        facts,
        [
            ("dependency", "positron", Some(Channel::Daily)),
            ("dependency", "R", None),
            ("dependency", "quarto", Some(Channel::Preview))
        ]
    );
    assert!(matches!(image.dev_versions[0].source, DevSource::Dependency { prerelease: true, .. }));
    assert_eq!(image.dev_versions[0].values["a"], "b");
}

#[test]
fn sources_add_products_and_replace_embedded_ones() {
    let digest = format!("sha256:{}", "a".repeat(64));
    let text = format!(
        "{HEAD}sources:\n  - product: acme-server\n    channel: preview\n    component: {{path: plugins/acme.wasm, digest: '{digest}'}}\n    \
         allow: [https://CDN.example.com/acme/../x, http://localhost:8080, 'http://[::1]/', http://127.0.0.1/a]\n    offlineWhenPinned: true\n    \
         config: {{url: 'https://x', depth: 3, ratio: 0.5, on: true, none: ~, list: [a, {{b: c}}]}}\n  \
         - {{product: connect, channel: daily, component: source-template}}\n\
         images:\n  - name: app\n    devVersions:\n      - {{sourceType: channel, product: acme-server, channel: daily, os: [{{name: A}}]}}\n"
    );
    let (config, warnings) = accept(&text);
    assert_eq!(warnings, 0);
    let acme = &config.sources[0];
    assert_eq!(acme.key.to_string(), "acme-server (preview)");
    assert!(
        matches!(&acme.component, ComponentRef::File { path, digest: Some(d) } if path == "plugins/acme.wasm" && d.as_str() == digest)
    );
    assert_eq!(
        acme.allow,
        ["https://cdn.example.com/x", "http://localhost:8080/", "http://[::1]/", "http://127.0.0.1/a"]
    );
    assert!(acme.offline_when_pinned);
    assert_eq!(
        acme.config.to_string(),
        r#"{"url":"https://x","depth":3,"ratio":0.5,"on":true,"none":null,"list":["a",{"b":"c"}]}"#
    );
    let connect = &config.sources[1];
    assert_eq!(connect.component, ComponentRef::Builtin("source-template".to_owned()));
    assert_eq!((connect.config.to_string().as_str(), connect.offline_when_pinned), ("{}", false));
}
